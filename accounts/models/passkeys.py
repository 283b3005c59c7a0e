"""Passkeys: public keys of authenticators, and the challenges that they are asked to sign. Shared schema."""

from django.db import models

from accounts.models.people import User
from payymo.shared.models import Record


class Passkey(Record):
    """A credential that an authenticator made for one user at one host; it signs nothing for any other."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    rp_id = models.CharField(max_length=253, help_text="the host it belongs to")
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(help_text="COSE")
    sign_count = models.BigIntegerField(default=0, help_text="0 for authenticators that do not count")
    transports = models.CharField(max_length=100, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    suspected_at = models.DateTimeField(null=True, blank=True, help_text="its count went back: perhaps it was copied")


class PasskeyChallenge(models.Model):
    """A random number to be signed once, in one browser session, for one purpose."""

    challenge_hash = models.CharField(max_length=64, unique=True)
    bound_to = models.CharField(max_length=64, help_text="hash of browser session, user, host and purpose")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Name the row."""
        return f"challenge {self.pk}"
