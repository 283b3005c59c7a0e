"""The closed list of acts that are recorded, and their names for people."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: Mapping[str, str | Promise] = MappingProxyType(
    {
        "decision.approve": _("Approved a suggestion"),
        "decision.allocate": _("Matched by hand"),
        "decision.first": _("Approved a large payment as the first of two"),
        "decision.reject": _("Rejected a suggestion"),
        "decision.ignore": _("Ignored a payment"),
        "decision.hold": _("Put a payment off"),
        "decision.settle": _("Paired a payout with the bank account"),
        "decision.pair": _("Paired two bank entries"),
        "decision.undo": _("Undid a decision"),
        "decision.give_up": _("Gave up a posting"),
        "decision.wrong": _("Reported a decision as wrong"),
        "payment.assigned": _("Gave a payment to somebody"),
        "payment.commented": _("Commented on a payment"),
        "automation.stopped": _("Stopped automatic approval"),
        "automation.resumed": _("Resumed automatic approval"),
        "engine.trained": _("Trained the engine"),
        "engine.chosen": _("Chose a version of the engine"),
        "engine.released": _("Let training choose the version again"),
        "return.dealt_with": _("Dealt with a returned payment"),
        "posting.moved": _("A posting moved on"),
        "policy.changed": _("Changed what may be approved automatically"),
        "payer.renamed": _("Named a payer"),
        "payer.blocked": _("Stopped using what is known of a payer"),
        "payer.allowed": _("Used again what is known of a payer"),
        "payer.forgotten": _("Forgot a payer"),
        "settings.changed": _("Changed the general settings"),
        "support.granted": _("Let Payymo's staff look into the company"),
        "support.ended": _("Ended the staff's access"),
        "rule.dismissed": _("Dismissed an offered rule"),
        "rule.made": _("Made a matching rule"),
        "rule.changed": _("Changed a matching rule"),
        "rule.removed": _("Removed a matching rule"),
        "import.committed": _("Imported a statement"),
        "connection.added": _("Added a connection"),
        "connection.changed": _("Changed a connection"),
        "account.held": _("Held a new account until somebody says whether it is known"),
        "account.joined": _("Said that a new account is a known one"),
        "account.told_apart": _("Said that a new account is another one"),
        "account.shown": _("Looked at the whole number of the company's own account"),
        "connection.removed": _("Removed a connection"),
        "security.signed_in": _("Signed in"),
        "security.signed_out": _("Signed out"),
        "security.sessions_revoked": _("Ended sessions"),
        "security.password_changed": _("Changed their password"),
        "security.second_factor_changed": _("Changed their second factor"),
        "security.passkey_copied": _("A passkey was perhaps copied, and is refused"),
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
        "retention.applied": _("Erased what was kept for long enough"),
        "retention.changed": _("Changed for how long personal data is kept"),
        "consent.withdrawn": _("Withdrew a bank consent, and had its data erased"),
        "consent.data_erased": _("Erased the data of a withdrawn consent"),
        "person.exported": _("Exported what is stored about a person"),
        "person.account_shown": _("Looked at a payer's whole account number"),
        "person.erased": _("Erased what is stored about a person"),
        "tenant.suspended": _("Suspended the company's account"),
        "tenant.posting_resumed": _("Compared WHMCS after a restore and resumed posting"),
        "tenant.exported": _("Exported everything of the company"),
        "company.export_asked": _("Asked for an archive of everything"),
        "company.export_fetched": _("Downloaded an archive of everything"),
        "tenant.deletion_began": _("Began to delete the company's account"),
        "tenant.deletion_undone": _("Kept the company's account after all"),
        "tenant.resumed": _("Resumed the company's account"),
        "job.released": _("Released a parked job"),
        "keys.rotated": _("Moved sealed values to another key"),
        "keys.signing_rotated": _("Published a new key for tokens"),
        "keys.signing_replaced": _("Ended every token with a new key"),
        "staff.changed": _("Payymo's staff changed a person or a membership"),
        "user.removed": _("Removed a person"),
        "staff.entered": _("Payymo's staff entered"),
        "staff.left": _("Payymo's staff left"),
        "audit.exported": _("Exported the audit log"),
        "endpoint.added": _("Added an endpoint for webhooks"),
        "endpoint.changed": _("Changed an endpoint for webhooks"),
        "endpoint.removed": _("Removed an endpoint for webhooks"),
        "endpoint.switched_off": _("Switched an endpoint for webhooks off"),
    }
)

# What is done to payments has a timeline of its own, and is nearly the whole log.
OF_PAYMENTS = (
    "decision.approve", "decision.allocate", "decision.first", "decision.reject", "decision.ignore", "decision.hold",
    "decision.settle", "decision.pair", "decision.undo", "decision.give_up", "decision.wrong", "payment.assigned",
    "payment.commented", "posting.moved",
)  # fmt: skip

# The rest by what it is about: the first part of an act's code.
AREAS: Mapping[str, tuple[str | Promise, tuple[str, ...]]] = MappingProxyType(
    {
        "settings": (_("Settings"), ("settings", "policy", "automation", "engine", "endpoint", "retention")),
        "rules": (_("Rules and payers"), ("rule", "payer", "return")),
        "connections": (_("Connections and imports"), ("connection", "account", "consent", "import")),
        "people": (_("Members and roles"), ("member", "role", "user")),
        "security": (_("Sign-ins and keys"), ("security", "api_key", "keys")),
        "staff": (_("Payymo and its staff"), ("support", "staff", "tenant", "job")),
        "data": (_("Data handed out or erased"), ("person", "company", "audit")),
    }
)


def acts_of(area: str) -> tuple[str, ...]:
    """Return the codes of the acts of one area, those of payments left out; of no area, all of them."""
    firsts = {first for _name, parts in ([AREAS[area]] if area in AREAS else AREAS.values()) for first in parts}
    return tuple(code for code in ACTIONS if code.partition(".")[0] in firsts)
