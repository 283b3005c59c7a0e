"""Links that go out by mail, and the mails that wait to be sent. Shared schema.

No row holds a link: whoever sends the mail makes the link's token, and only its hash is kept.
"""

from django.db import models

from accounts.models.people import Role, User
from payymo.shared.models import Record
from tenants.models import Tenant


class Invitation(Record):
    """Somebody who may become a member, once, by the link in their mail."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    # A role that is deleted takes what it offered with it.
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="invitations_made")
    token_hash = models.CharField(max_length=64, null=True, unique=True, help_text="empty until the mail is sent")  # noqa: DJ001
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_per_address",
            )
        ]


class PasswordReset(Record):
    """A request for a new password, whether or not anybody has this address."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="password_resets")
    email = models.EmailField(max_length=254)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="password_resets")
    token_hash = models.CharField(max_length=64, null=True, unique=True, help_text="empty until the mail is sent")  # noqa: DJ001
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class OutgoingMail(Record):
    """A mail that waits to be sent, or was. It names what it is about; its text is made when it is sent."""

    class Kind(models.TextChoices):
        """What it says."""

        INVITATION = "invitation", "Invitation"
        PASSWORD_RESET = "password_reset", "Password reset"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        SECOND_FACTOR_CHANGED = "second_factor_changed", "Second factor changed"
        NOTICES = "notices", "Notices"
        REPORT_READY = "report_ready", "Report ready"

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, related_name="outgoing_mails", help_text="none for the staff host"
    )
    kind = models.CharField(max_length=24, choices=Kind)
    about = models.UUIDField(help_text="public id of the invitation, the request, the user or the bundle")
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_as = models.CharField(max_length=40, blank=True, help_text="why it was given up")

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "due_at"], condition=models.Q(sent_at=None, dropped_as=""), name="mails_that_wait"
            )
        ]
