"""People, what they may do, and where they belong. Shared schema."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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
    language = models.CharField(
        max_length=10, blank=True, help_text="of pages and mails; empty for the browser's and the company's"
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text=_("may enter the staff host"))
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_the_case")]

    def __str__(self) -> str:
        """Name the user without personal data, since this text reaches logs."""
        return f"{self._meta.verbose_name} {self.public_id}"

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
        """Name the role as people read it."""
        return self.label

    @property
    def label(self) -> str:
        """The name that people read: in their language where it is built in."""
        return gettext(self.name) if self.tenant_id is None else self.name


class Membership(models.Model):
    """A user's place in one tenant."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    is_active = models.BooleanField(default=True)
    is_limited = models.BooleanField(
        default=False, help_text="sees the payments of the bank accounts granted to them, and nothing else"
    )
    ended_tour_at = models.DateTimeField(null=True, blank=True, help_text="the hints of the review screen end here")
    hid_setup_at = models.DateTimeField(null=True, blank=True, help_text="the overview shows no steps of setup since")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "tenant"], name="one_membership_per_user_and_tenant")]

    def __str__(self) -> str:
        """Name the membership."""
        return f"{self.user} in {self.tenant_id}"


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
