"""Who may do what where: users, memberships, roles, API sessions, signing keys. Shared schema."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now

from payymo.shared.models import Record
from tenants.models import Tenant


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a user; without a password nobody can sign in as them yet."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a member of Payymo's own staff with every right on the staff host."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        """Find by address, whatever the case."""
        return self.get(email=(email or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do follows from memberships, never from this row (staff apart)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="may enter the staff host")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_the_case")]

    def __str__(self) -> str:
        """Name the user without personal data, since this text reaches logs."""
        return f"user {self.public_id}"

    @property
    def display_name(self) -> str:
        """What colleagues see."""
        return self.name or self.email.split("@")[0]


class Role(models.Model):
    """A named set of permission codenames: built in (no tenant) or a tenant's own."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="roles")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    permissions = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], nulls_distinct=False, name="role_code_unique_in_tenant"),
        ]

    def __str__(self) -> str:
        """Name the role."""
        return self.name


class Membership(models.Model):
    """A user's place in one tenant."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "tenant"], name="one_membership_per_user_and_tenant")]

    def __str__(self) -> str:
        """Name the membership."""
        return f"{self.user} in {self.tenant_id}"


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
    """An RSA key pair that signs tokens; the private half is sealed with the master key."""

    kid = models.CharField(max_length=40, unique=True)
    algorithm = models.CharField(max_length=10, default="RS256")
    private_sealed = models.BinaryField()
    public_pem = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="signs nothing new from here on")
    verifies_until = models.DateTimeField(null=True, blank=True, help_text="empty while it still signs")

    def __str__(self) -> str:
        """Name the key."""
        return self.kid


class Session(models.Model):
    """One API sign-in at one tenant: a family of refresh tokens that replace each other. Its id is the claim `sid`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_sessions")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_sessions")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    last_used_at = models.DateTimeField()
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


class ApiKey(Record):
    """A key for a program. It acts for the member who made it, within its scopes, and ends with their membership."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256; the key itself is kept nowhere")
    last4 = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=60), help_text="permission codenames")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="to the minute")


class SecurityEvent(models.Model):
    """A sign-in result, refusal or token misuse. Append-only; holds ids and no secret."""

    tenant = models.ForeignKey(Tenant, on_delete=models.SET_NULL, null=True, related_name="security_events")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="security_events")
    kind = models.CharField(max_length=40)
    detail = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Name the event."""
        return self.kind


class AttemptCounter(models.Model):
    """Failed sign-ins per tenant and subject in a window, counted by one UPDATE that returns the new value."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="attempt_counters")
    subject = models.CharField(max_length=100, help_text="kind and keyed hash: account, address or tenant")
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "subject"], nulls_distinct=False, name="one_counter_per_subject"),
        ]

    def __str__(self) -> str:
        """Name the counter."""
        return self.subject


class IdempotencyRecord(Record):
    """What a money-moving request answered, so that its repetition answers the same and does nothing.

    Written in the transaction of the effect: the row exists exactly when the effect does. The answer is sealed with the
    tenant's key, since this table is in the shared schema.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="idempotency_records")
    caller = models.CharField(max_length=80, help_text="kind and public id of who called")
    route = models.CharField(max_length=300, help_text="method and path")
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer_sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "caller", "route", "key"], name="one_effect_per_idempotency_key"),
        ]
