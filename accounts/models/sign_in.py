"""How people prove who they are, and the sessions and keys that follow from it. Shared schema."""

import uuid

from django.db import models
from django.db.models.functions import Now

from accounts.models.people import User
from payymo.shared.models import Record
from tenants.models import Tenant


class TotpDevice(Record):
    """A user's authenticator app. Its secret is sealed with the master key; each code counts once."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="totp_device")
    secret_sealed = models.BinaryField()
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="empty until the first code was right")
    last_step = models.BigIntegerField(default=0, help_text="the 30 s step of the newest code that was used")


class RecoveryCode(models.Model):
    """A code that replaces the app once, kept as a hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="one_recovery_code_of_a_kind")]

    def __str__(self) -> str:
        """Name the row without the code."""
        return f"recovery code {self.pk}"


class SigningKey(models.Model):
    """An RSA key pair that signs tokens; the private half is sealed with the master key, and erased once retired."""

    kid = models.CharField(max_length=40, unique=True)
    algorithm = models.CharField(max_length=10, default="RS256")
    private_sealed = models.BinaryField()
    public_pem = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    signs_from = models.DateTimeField(help_text="published before, so that nobody meets its tokens without it")
    retired_at = models.DateTimeField(null=True, blank=True, help_text="signs nothing new from here on")
    verifies_until = models.DateTimeField(null=True, blank=True, help_text="empty while it still signs")

    def __str__(self) -> str:
        """Name the key."""
        return self.kid


class Session(models.Model):
    """One sign-in at one tenant, or (without one) on the staff host.

    Of a program it is a family of refresh tokens that replace each other, and its id is the claim `sid`; of a browser
    it is what the cookie's data names.
    """

    class Kind(models.TextChoices):
        """Who holds it."""

        TOKEN = "token", "API"
        BROWSER = "browser", "Browser"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TOKEN)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_sessions")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="api_sessions")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    last_used_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, help_text="when its owner last proved a password or second factor")
    agent = models.CharField(max_length=60, blank=True, help_text="browser and system, as they call themselves")
    address = models.CharField(max_length=64, blank=True, help_text="where it was opened from; IPv6 by its /64")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=40, blank=True)
    password_stamp = models.CharField(
        max_length=64, default="", help_text="keyed hash of the password's hash: another password ends the session"
    )

    def __str__(self) -> str:
        """Name the session."""
        return f"session {self.public_id}"


class RefreshToken(models.Model):
    """A refresh token, by its hash. It is spent once, by one conditional UPDATE of `used_at`."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Name the token's row."""
        return f"refresh token {self.pk}"
