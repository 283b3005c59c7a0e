"""Answers of GoCardless Bank Account Data, checked before anything is made of them."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from banking.clients.base import Institution, LinkStatus, Reason
from payymo.shared.errors import Refused, Retryable
from payymo.shared.http import Answer

_ID = re.compile(r"[A-Za-z0-9_-]{1,120}")
Kind = TypeVar("Kind")
# Whoever gave up at the bank often stays under UA or GA for ever, so that an open one has an end of its own with us.
_LINK_STATUS = {
    "CR": LinkStatus.OPEN,  # created
    "GC": LinkStatus.OPEN,  # giving consent at GoCardless
    "UA": LinkStatus.OPEN,  # undergoing authentication at the bank
    "SA": LinkStatus.OPEN,  # selecting accounts
    "GA": LinkStatus.OPEN,  # granting access
    "ID": LinkStatus.OPEN,  # in the description's list, and nowhere explained
    "LN": LinkStatus.LINKED,
    "RJ": LinkStatus.REJECTED,
    "ER": LinkStatus.REJECTED,
    "EX": LinkStatus.EXPIRED,
    "SU": LinkStatus.SUSPENDED,
}
_ENDED_ACCOUNTS = {
    "EXPIRED": (Reason.CONSENT_ENDED, _("The bank's consent has ended. Renew it to go on.")),
    "SUSPENDED": (
        Reason.SUSPENDED,
        _("GoCardless suspended the account after too many failures. Renew the consent to go on."),
    ),
}  # fmt: skip


def unreadable() -> Retryable:
    """Return the error for an answer of another shape than documented."""
    return Retryable(_("The bank data provider's answer cannot be read."), reason=Reason.UNREADABLE)


def json_of(answer: Answer) -> Any:
    """Return the JSON value.

    Raises: Retryable(UNREADABLE) for a page.
    """
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:
        raise Retryable(
            _("The bank data provider answered with a page instead of data."), reason=Reason.UNREADABLE
        ) from error


def object_of(answer: Answer) -> Mapping[str, Any]:
    """Return the JSON object.

    Raises: Retryable(UNREADABLE).
    """
    fields = json_of(answer)
    if not isinstance(fields, dict):
        raise unreadable()
    return fields


def list_of(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the JSON list of objects.

    Raises: Retryable(UNREADABLE).
    """
    listed = json_of(answer)
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise unreadable()
    return listed


def wanted(fields: Mapping[str, Any], name: str, kind: type[Kind]) -> Kind:
    """Return a field that must be there.

    Raises: Retryable(UNREADABLE) when it is missing, empty or of another kind.
    """
    value = fields.get(name)
    if not isinstance(value, kind) or isinstance(value, bool) or not value:
        raise unreadable()
    return value


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """Return a text that may be missing, bounded."""
    value = fields.get(name)
    return value.strip()[:200] if isinstance(value, str) else ""


def web_address(fields: Mapping[str, Any], name: str) -> str:
    """Return an https address that may be missing; any other is left out."""
    value = fields.get(name)
    return value if isinstance(value, str) and value.startswith("https://") and len(value) <= 500 else ""


def days_of(fields: Mapping[str, Any], name: str) -> int:
    """Read a number of days: a string in the list of banks, a number in an agreement; 90 is the documented default."""
    value = str(fields.get(name) or "90")
    if not re.fullmatch(r"[0-9]{1,4}", value) or not int(value):
        raise unreadable()
    return int(value)


def institution_of(fields: Mapping[str, Any], *, freezes: bool) -> Institution:
    """Return a bank.

    Raises: Retryable(UNREADABLE).
    """
    countries = fields.get("countries")
    return Institution(
        id=wanted(fields, "id", str)[:120],
        name=wanted(fields, "name", str).strip()[:200],
        bic=text_of(fields, "bic"),
        countries=tuple(str(one)[:2] for one in countries) if isinstance(countries, list) else (),
        history_days=days_of(fields, "transaction_total_days"),
        access_days=days_of(fields, "max_access_valid_for_days"),
        freezes_long_history=freezes,
        logo=web_address(fields, "logo"),
    )


def link_status(code: str) -> LinkStatus:
    """Return how far a requisition is; a status that nobody documented is an open one.

    Source: the StatusEnum of the OpenAPI description, the help centre's page on statuses.
    """
    return _LINK_STATUS.get(code, LinkStatus.OPEN)


def check_account_status(status: str) -> None:
    """Pass if the account may be read: DISCOVERED, PROCESSING, READY, and ERROR, which says how the last call went.

    Raises: Refused(CONSENT_ENDED, SUSPENDED).
    """
    if status in _ENDED_ACCOUNTS:
        reason, sentence = _ENDED_ACCOUNTS[status]
        raise Refused(sentence, reason=reason)


def segment(text: str) -> str:
    """Return the text as one part of a path, so that no stored id can lead to another resource."""
    if not _ID.fullmatch(text):
        raise Refused(_("The identifier is not of the provider's form."), reason=Reason.NOT_FOUND)
    return quote(text, safe="")
