"""What an answer of GoCardless Bank Account Data means when it is not the one hoped for.

Logic goes by HTTP status and `type`; the texts vary. The two 401s mean opposite things: our token is over, or the
consent is. Source: the OpenAPI description, the help centre's tables of errors and limits.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop as _

from banking.clients.base import Quota, Reason
from payymo.shared.errors import ProviderError, Refused, Retryable
from payymo.shared.http import Answer

_DAY_SECONDS = 86_400.0
_SECONDS = re.compile(r"in (\d{1,7}) seconds")
_COMPANY, _ACCOUNT = "HTTP_X_RATELIMIT_", "HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_"
_BY_TYPE = {
    "AccessExpiredError": (Reason.CONSENT_ENDED, _("The consent has ended or was withdrawn at the bank. Renew it.")),
    "AccountInactiveError": (Reason.ACCOUNT_CLOSED, _("The bank says that this account is closed.")),
    "AccountAccessForbidden": (
        Reason.ACCOUNT_FORBIDDEN,
        _("The bank does not let this user read the account. Ask who holds the rights there."),
    ),
    "AccountResourceUnavailable": (Reason.SCOPE_MISSING, _("The bank does not give this for the account.")),
}  # fmt: skip


class TokenRejected(Exception):
    """Our own token is over; renewed once, the call is repeated."""


def quota_of(headers: Mapping[str, str]) -> Quota | None:
    """Read what is left for the account today; the headers are literally named `HTTP_X_RATELIMIT_...`."""
    return _quota(headers, _ACCOUNT)


def _quota(headers: Mapping[str, str], prefix: str) -> Quota | None:
    named = {name.upper().replace("-", "_"): value for name, value in headers.items()}
    values = [named.get(f"{prefix}{name}", "") for name in ("LIMIT", "REMAINING", "RESET")]
    if not all(value.isascii() and value.isdigit() and len(value) < 9 for value in values):
        return None
    limit, remaining, reset = (int(value) for value in values)
    return Quota(limit, remaining, float(reset))


def raise_for(answer: Answer) -> None:
    """Pass if the call succeeded.

    Raises: TokenRejected, Refused, Retryable.
    """
    if 200 <= answer.status < 300:
        return
    fields = _fields(answer)
    summary, detail = _text(fields, "summary"), _text(fields, "detail")
    if answer.status == 429:
        raise _too_many(answer, detail)
    if answer.status == 401:
        raise _unauthorised(summary, fields)
    if answer.status == 409:
        raise _in_conflict(summary)
    raise _other(answer.status, summary, fields)


def _fields(answer: Answer) -> Mapping[str, Any]:
    try:
        fields = json.loads(answer.body)
    except ValueError:
        fields = None
    if isinstance(fields, dict):
        return fields
    if answer.status >= 500:
        return {}
    raise Retryable(_("The bank data provider answered with a page instead of data."), reason=Reason.UNREADABLE)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value[:300] if isinstance(value, str) else ""


def _too_many(answer: Answer, detail: str) -> Retryable:
    quota = _quota(answer.headers, _ACCOUNT)
    if quota is None or quota.remaining:
        quota = _quota(answer.headers, _COMPANY) or quota
    told = _SECONDS.search(detail)
    wait = quota.resets_in if quota else float(told[1]) if told else _DAY_SECONDS
    return Retryable(
        _("The limit of calls is used up for now."), reason=Reason.RATE_LIMITED, retry_after=min(wait, _DAY_SECONDS)
    )


def _unauthorised(summary: str, fields: Mapping[str, Any]) -> Exception:
    if _text(fields, "type") in _BY_TYPE:
        return _typed(fields)
    if "End User Agreement" in summary:
        return Refused(_("The bank's consent has ended. Renew it to go on."), reason=Reason.CONSENT_ENDED)
    if summary.startswith("Invalid token") or fields.get("code") == "token_not_valid":
        return TokenRejected()
    return Refused(
        _("GoCardless does not accept these keys. Check the secret ID and the secret key."),
        reason=Reason.CREDENTIALS_INVALID,
    )


def _typed(fields: Mapping[str, Any]) -> Refused:
    reason, sentence = _BY_TYPE[_text(fields, "type")]
    return Refused(sentence, reason=reason)


def _in_conflict(summary: str) -> ProviderError:
    # The account object itself comes without a summary: it is still being read.
    if "suspended" in summary.lower():
        sentence = _("GoCardless suspended the account after too many failures. Renew the consent to go on.")
        return Refused(sentence, reason=Reason.SUSPENDED)
    return Retryable(_("The bank is still preparing the account."), reason=Reason.NOT_READY, retry_after=60.0)


def _other(status: int, summary: str, fields: Mapping[str, Any]) -> ProviderError:
    if _text(fields, "type") in _BY_TYPE:
        return _typed(fields)
    if status == 402:
        return Refused(_("The GoCardless plan is used up; no new bank can be connected."), reason=Reason.PLAN_USED_UP)
    if status == 403 and summary.startswith("IP address"):
        sentence = _("The GoCardless key does not allow calls from this server's address.")
        return Refused(sentence, reason=Reason.ADDRESS_NOT_ALLOWED)
    if status == 403 and "access scope" in summary:
        return Refused(_("The consent does not include this."), reason=Reason.SCOPE_MISSING)
    if status == 403 and "End User Agreement" in summary:
        return Refused(_("There is no valid consent for the account. Renew it."), reason=Reason.CONSENT_ENDED)
    if status == 403:
        return Refused(_("The GoCardless plan does not allow this."), reason=Reason.ACCOUNT_FORBIDDEN)
    if status == 404:
        return Refused(_("GoCardless does not know this."), reason=Reason.NOT_FOUND)
    if status == 400:
        return _bad_request(fields)
    if status == 500:
        return Retryable(_("The bank answered GoCardless with an error."), reason=Reason.BANK_ERROR)
    if status > 500:
        return Retryable(_("The bank or GoCardless cannot be reached just now."), reason=Reason.BANK_DOWN)
    return Refused(_("GoCardless answered with status %(status)s."), status=str(status), reason=Reason.INVALID_REQUEST)


def _bad_request(fields: Mapping[str, Any]) -> Refused:
    """Complaints hang under the field: as an object, a list of objects or a list of texts."""
    told = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                told.append((name, _text(one, "summary") or _text(one, "detail")))
            elif isinstance(one, str):
                told.append((name, one[:200]))
    if any(name == "institution_id" and "Unknown" in text for name, text in told):
        return Refused(_("GoCardless does not know this bank."), reason=Reason.UNKNOWN_INSTITUTION)
    said = "; ".join(f"{name}: {text}" for name, text in told if name != "status_code")[:300]
    return Refused(_("GoCardless refused the request (%(said)s)."), said=said, reason=Reason.INVALID_REQUEST)
