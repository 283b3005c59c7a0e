"""Answers of Enable Banking, checked before anything is made of them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from banking.clients.base import Institution, ProviderAccount, Reason
from banking.clients.gocardless_answers import text_of, unreadable, wanted, web_address
from payymo.shared.errors import Refused

_DAY = 86_400
_MOST_DAYS = 180
_CURRENCY = re.compile(r"[A-Z]{3}")
_HISTORY_DAYS = 730


def listed(fields: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of objects.

    Raises: Retryable(UNREADABLE).
    """
    found = fields.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise unreadable()
    return found


def institution_of(fields: Mapping[str, Any]) -> Institution:
    """Return a bank. Its access is given in seconds; a host's own bank is asked for as a business where it can be.

    Raises: Retryable(UNREADABLE).
    """
    name, country = wanted(fields, "name", str).strip()[:110], wanted(fields, "country", str)[:2]
    seconds = fields.get("maximum_consent_validity")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < _DAY:
        raise unreadable()
    kinds = fields.get("psu_types")
    kinds = kinds if isinstance(kinds, list) else []
    return Institution(
        id=f"{country}:{name}",
        name=name,
        bic=text_of(fields, "bic"),
        countries=(country,),
        history_days=_HISTORY_DAYS,
        access_days=min(seconds // _DAY, _MOST_DAYS),
        logo=web_address(fields, "logo"),
        customer_kind="personal" if "personal" in kinds and "business" not in kinds else "business",
    )


def moment_of(fields: Mapping[str, Any], name: str) -> datetime:
    """Return a moment with its zone.

    Raises: Retryable(UNREADABLE).
    """
    try:
        at = datetime.fromisoformat(wanted(fields, name, str))
    except ValueError as error:
        raise unreadable() from error
    if at.tzinfo is None:
        raise unreadable()
    return at


def account_of(fields: Mapping[str, Any], uid: str) -> ProviderAccount:
    """Return an account by its IBAN, another number, or the hash that lasts across sessions.

    Raises: Refused(UNREADABLE).
    """
    told = fields.get("account_id")
    told = told if isinstance(told, dict) else {}
    iban, other = text_of(told, "iban"), told.get("other")
    number = iban or (text_of(other, "identification") if isinstance(other, dict) else "")
    number = number or text_of(fields, "identification_hash")
    currency = text_of(fields, "currency").upper()
    if not number or not _CURRENCY.fullmatch(currency):
        raise Refused(_("The bank tells neither number nor currency of the account."), reason=Reason.UNREADABLE)
    name = text_of(fields, "details") or text_of(fields, "product")
    return ProviderAccount(uid, number, currency, name[:140], text_of(fields, "name")[:140], is_iban=bool(iban))


def with_pages(pages: Sequence[bytes]) -> bytes:
    """Return the pages of one answer as one document, each as it came."""
    return b'{"pages":[' + b",".join(pages) + b"]}"
