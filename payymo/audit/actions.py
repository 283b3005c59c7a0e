"""The closed list of acts that are recorded, and their names for people."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: Mapping[str, str | Promise] = MappingProxyType(
    {
        "decision.approve": _("Approved a suggestion"),
        "decision.allocate": _("Matched by hand"),
        "decision.reject": _("Rejected a suggestion"),
        "decision.ignore": _("Ignored a payment"),
        "decision.hold": _("Put a payment off"),
        "decision.settle": _("Paired a payout with the bank account"),
        "decision.undo": _("Undid a decision"),
        "decision.give_up": _("Gave up a posting"),
        "decision.wrong": _("Reported a decision as wrong"),
        "automation.stopped": _("Stopped automatic approval"),
        "automation.resumed": _("Resumed automatic approval"),
        "engine.trained": _("Trained the engine"),
        "engine.chosen": _("Chose a version of the engine"),
        "engine.released": _("Let training choose the version again"),
        "posting.moved": _("A posting moved on"),
        "policy.changed": _("Changed what may be approved automatically"),
        "rule.made": _("Made a matching rule"),
        "rule.changed": _("Changed a matching rule"),
        "rule.removed": _("Removed a matching rule"),
        "import.committed": _("Imported a statement"),
        "connection.added": _("Added a connection"),
        "connection.changed": _("Changed a connection"),
        "connection.removed": _("Removed a connection"),
        "security.signed_in": _("Signed in"),
        "security.signed_out": _("Signed out"),
        "security.sessions_revoked": _("Ended sessions"),
        "security.password_changed": _("Changed their password"),
        "security.refresh_token_reused": _("A used token was shown again"),
        "api_key.made": _("Made an API key"),
        "api_key.revoked": _("Revoked an API key"),
        "member.invited": _("Invited somebody"),
        "member.uninvited": _("Withdrew an invitation"),
        "member.joined": _("Became a member"),
        "member.changed": _("Changed a member"),
        "member.limited": _("Changed which bank accounts a member sees"),
        "role.saved": _("Saved a role"),
        "role.deleted": _("Deleted a role"),
        "tenant.created": _("Created the company's account"),
        "tenant.suspended": _("Suspended the company's account"),
        "tenant.exported": _("Exported everything of the company"),
        "tenant.deletion_began": _("Began to delete the company's account"),
        "tenant.deletion_undone": _("Kept the company's account after all"),
        "tenant.resumed": _("Resumed the company's account"),
        "job.released": _("Released a parked job"),
        "keys.rotated": _("Moved sealed values to another key"),
        "staff.changed": _("Payymo's staff changed a person or a membership"),
        "user.removed": _("Removed a person"),
        "staff.entered": _("Payymo's staff entered"),
        "staff.left": _("Payymo's staff left"),
        "audit.exported": _("Exported the audit log"),
    }
)
