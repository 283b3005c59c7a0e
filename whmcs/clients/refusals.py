"""WHMCS's error texts, which have no codes, turned into stable reasons and sentences for people.

Source: developers.whmcs.com, API reference, "Errors" of each action; texts of access refusals as public clients map
them. They are compared without case, and what is not known keeps its own words.
"""

import re

from django.utils.translation import gettext_noop as _

from payymo.shared.errors import Refused
from payymo.shared.sentences import Sentence

IP_NOT_ALLOWED = "ip_not_allowed"
ACCESS_REFUSED = "access_refused"
ADDRESS_REFUSED = "address_refused"
INVOICE_NOT_FOUND = "invoice_not_found"
CLIENT_NOT_FOUND = "client_not_found"
INVOICE_CANCELLED = "invoice_cancelled"
ACTION_UNKNOWN = "action_unknown"
ACTION_NOT_ALLOWED = "action_not_allowed"
TRANSACTION_KNOWN = "transaction_known"
REFUSED = "refused"

# As long as one of these holds, no call of any kind will pass: a person must change something in WHMCS.
NEEDS_A_PERSON = frozenset({IP_NOT_ALLOWED, ACCESS_REFUSED, ADDRESS_REFUSED, ACTION_NOT_ALLOWED})

_IP = re.compile(r"\b(?:invalid|forbidden) ip\b[\s:]*([0-9a-f.:]{2,45})?", re.IGNORECASE)
_ACCESS = (
    "authentication failed",
    "invalid or missing credentials",
    "invalid password",
    "administrator account disabled",
    "access denied",
)
_TEXTS = (
    ("invoice id not found", INVOICE_NOT_FOUND),
    ("client not found", CLIENT_NOT_FOUND),
    ("client id not found", CLIENT_NOT_FOUND),
    ("that is cancelled", INVOICE_CANCELLED),
    ("transaction id must be unique", TRANSACTION_KNOWN),
    ("api function not found", ACTION_UNKNOWN),
)


def refusal(action: str, status: int, message: str) -> Refused:
    """Name the fact behind a refusal."""
    words = " ".join(message.split())[:200]
    known = words.casefold()
    address = _IP.search(words)
    if address:
        return Refused(
            _(
                "WHMCS does not let this address in. Add %(address)s in WHMCS under General Settings > Security > "
                "API IP Access Restriction."
            ),
            address=address[1] or Sentence(_("Payymo's address")),
            reason=IP_NOT_ALLOWED,
        )
    if "invalid permissions" in known:
        return Refused(
            _(
                "The role of this API credential does not allow %(action)s. Allow it in WHMCS under Manage API "
                "Credentials, API Roles."
            ),
            action=action,
            reason=ACTION_NOT_ALLOWED,
        )
    if any(part in known for part in _ACCESS) or status in (401, 403):
        return Refused(
            _(
                "WHMCS refused the identifier and secret for %(action)s: %(said)s. Check the API credential, its role "
                "and that its administrator may use the API."
            ),
            action=action,
            said=words or str(status),
            reason=ACCESS_REFUSED,
        )
    reason = next((reason for part, reason in _TEXTS if part in known), REFUSED)
    said = words or f"status {status}"
    return Refused(_("WHMCS refused %(action)s: %(said)s."), action=action, said=said, reason=reason)
