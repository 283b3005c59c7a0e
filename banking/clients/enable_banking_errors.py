"""What an answer of Enable Banking means when it is not the one hoped for. Logic goes by `error`; the texts vary."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop as _

from banking.clients.base import Reason
from payymo.shared.errors import ProviderError, Refused, Retryable
from payymo.shared.http import Answer

# About four reads a day without the user: without another word the next may be in six hours.
_NEXT_READ = 21_600.0
_ENDED = _("The bank's consent has ended. Renew it to go on.")
_CODE = _("The way back from the bank was used already or is too old. Start again from Connections.")
_KEYS = _("Enable Banking does not accept these keys. Check the application ID and the private key.")
_REFUSED = {
    "EXPIRED_SESSION": (Reason.CONSENT_ENDED, _ENDED),
    "CLOSED_SESSION": (Reason.CONSENT_ENDED, _ENDED),
    "REVOKED_SESSION": (Reason.CONSENT_ENDED, _("The consent was withdrawn at the bank. Renew it to go on.")),
    "SESSION_DOES_NOT_EXIST": (Reason.CONSENT_ENDED, _ENDED),
    "ASPSP_PSU_ACTION_REQUIRED": (
        Reason.CONSENT_ENDED,
        _("The bank wants its user to sign in again. Renew the consent."),
    ),
    "EXPIRED_AUTHORIZATION_CODE": (Reason.CONSENT_NOT_GIVEN, _CODE),
    "WRONG_AUTHORIZATION_CODE": (Reason.CONSENT_NOT_GIVEN, _CODE),
    "ALREADY_AUTHORIZED": (Reason.CONSENT_NOT_GIVEN, _CODE),
    "NO_ACCOUNTS_ADDED": (
        Reason.CONSENT_NOT_GIVEN,
        _("No account was chosen at the bank. Start again and choose one."),
    ),
    "ASPSP_ACCOUNT_NOT_ACCESSIBLE": (
        Reason.ACCOUNT_FORBIDDEN,
        _("The bank does not let this user read the account. Ask who holds the rights there."),
    ),
    "ACCOUNT_DOES_NOT_EXIST": (Reason.NOT_FOUND, _("Enable Banking does not know this account. Renew the consent.")),
    "WRONG_TRANSACTIONS_PERIOD": (Reason.HISTORY_TOO_LONG, _("The bank does not give that much history.")),
    "WRONG_ASPSP_PROVIDED": (Reason.UNKNOWN_INSTITUTION, _("Enable Banking does not know this bank.")),
    "UNAUTHORIZED_IP": (
        Reason.ADDRESS_NOT_ALLOWED,
        _("The Enable Banking application does not allow calls from this server's address."),
    ),
    "REDIRECT_URI_NOT_ALLOWED": (
        Reason.INVALID_REQUEST,
        _("The application at Enable Banking does not list Payymo's address among its redirect URLs. Add it there."),
    ),
    "PSU_HEADER_NOT_PROVIDED": (
        Reason.INVALID_REQUEST,
        _("The bank gives data only while its user waits, which Payymo does not do. Import statement files instead."),
    ),
}
_RETRYABLE = {
    "ASPSP_ERROR": (Reason.BANK_ERROR, _("The bank answered Enable Banking with an error.")),
    "ASPSP_TIMEOUT": (Reason.BANK_DOWN, _("The bank did not answer Enable Banking in time.")),
}


def raise_for(answer: Answer) -> None:
    """Pass if the call succeeded.

    Raises: Refused, Retryable.
    """
    if 200 <= answer.status < 300:
        return
    fields = _fields(answer)
    named = fields.get("error")
    code = named if isinstance(named, str) else ""
    if answer.status == 429 or code == "ASPSP_RATE_LIMIT_EXCEEDED":
        wait = answer.retry_after()
        raise Retryable(
            _("The bank's limit of calls is used up for now."),
            reason=Reason.RATE_LIMITED,
            retry_after=_NEXT_READ if wait is None else wait,
        )
    if code in _REFUSED:
        reason, sentence = _REFUSED[code]
        raise Refused(sentence, reason=reason)
    if code in _RETRYABLE:
        reason, sentence = _RETRYABLE[code]
        raise Retryable(sentence, reason=reason)
    raise _by_status(answer.status, code)


def _fields(answer: Answer) -> Mapping[str, Any]:
    try:
        fields = json.loads(answer.body)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        return fields
    if answer.status >= 500:
        return {}
    raise Retryable(_("Enable Banking answered with a page instead of data."), reason=Reason.UNREADABLE)


def _by_status(status: int, code: str) -> ProviderError:
    if status in {401, 403}:
        return Refused(_KEYS, reason=Reason.CREDENTIALS_INVALID)
    if status == 404:
        return Refused(_("Enable Banking does not know this."), reason=Reason.NOT_FOUND)
    if status == 408 or status >= 500:
        return Retryable(_("The bank or Enable Banking cannot be reached just now."), reason=Reason.BANK_DOWN)
    return Refused(
        _("Enable Banking refused the request (%(code)s)."),
        code=code[:60] or str(status),
        reason=Reason.INVALID_REQUEST,
    )
