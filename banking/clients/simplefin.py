"""SimpleFIN: a pasted token is claimed once for an address that holds user and password; one call tells everything.

Source: the SimpleFIN protocol text.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from django.utils.translation import gettext_noop as _

from banking.clients.base import (
    AccountRef,
    Capabilities,
    Consent,
    Fetched,
    Institution,
    LinkStart,
    LinkState,
    LinkStatus,
    ProviderAccount,
    Reason,
)
from banking.clients.gocardless_answers import object_of, text_of, unreadable, wanted
from payymo.shared import http
from payymo.shared.errors import Refused, Retryable, Unknown
from payymo.shared.http import Answer

_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_ACCOUNTS = 200
_AN_HOUR = 3600.0
_NO_PAGE = _("SimpleFIN has no banks to choose from: paste a setup token.")


class SimpleFin:
    """Implements `BankProvider`."""

    key = "simplefin"
    # 24 requests a day for the whole access address.
    capabilities = Capabilities(
        needs_keys=False, needs_redirect=False, daily_reads=24, shares_reads=True, sends_balances_with_entries=True
    )

    def __init__(self, *, breaker: http.Breaker | None = None) -> None:
        self._breaker = breaker

    def list_institutions(self, *, country: str) -> Sequence[Institution]:
        """Return none: the banks are chosen at SimpleFIN."""
        return ()

    def institution(self, *, institution_id: str) -> Institution:
        """Refuse.

        Raises: Refused(UNKNOWN_INSTITUTION).
        """
        raise Refused(_NO_PAGE, reason=Reason.UNKNOWN_INSTITUTION)

    def start_link(
        self, *, institution: Institution, reference: str, redirect_url: str, history_days: int, language: str
    ) -> LinkStart:
        """Refuse.

        Raises: Refused(UNKNOWN_INSTITUTION).
        """
        raise Refused(_NO_PAGE, reason=Reason.UNKNOWN_INSTITUTION)

    def explain(self, *, error_code: str) -> str:
        """Return nothing: nobody comes back from a page."""
        return ""

    def exchange(self, *, consent: Consent) -> Consent:
        """Claim the token, which is good once.

        Raises: Refused(CONSENT_NOT_GIVEN) for one that is malformed, unknown or claimed; Retryable; Unknown.
        """
        answer = self._send("POST", _claim_url(consent.secret))
        if answer.status == 403:
            raise Refused(
                _(
                    "The token is unknown or was claimed already. If it was not you, it may be compromised: remove it "
                    "at SimpleFIN and make a new one."
                ),
                reason=Reason.CONSENT_NOT_GIVEN,
            )
        _raise_for(answer)
        url = answer.body.decode("utf-8", "replace").strip()
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.username or not parts.password or len(url) > 1000:
            raise Refused(_("SimpleFIN gave no usable access address."), reason=Reason.CONSENT_NOT_GIVEN)
        return Consent(hashlib.sha256(url.encode()).hexdigest()[:32], url)

    def link_state(self, *, consent: Consent) -> LinkState:
        """Return the accounts that the address opens; those without a real currency are left out."""
        listed = _accounts(object_of(self._read(consent, {"balances-only": "1"})))
        usable = [fields for fields in listed if _CURRENCY.fullmatch(text_of(fields, "currency").upper())]
        if not usable:
            raise Refused(_("SimpleFIN shows no account in a currency."), reason=Reason.CONSENT_NOT_GIVEN)
        accounts = tuple(_account(fields) for fields in usable)
        names = dict.fromkeys(_organisation(fields) for fields in usable)
        return LinkState(
            LinkStatus.LINKED,
            self.key,
            tuple(one.id for one in accounts),
            accounts=accounts,
            institution_name=", ".join(name for name in names if name)[:200],
        )

    def account(self, *, account: AccountRef) -> Fetched[ProviderAccount]:
        """Return one account.

        Raises: Refused(NOT_FOUND).
        """
        answer = self._read(account.consent, {"balances-only": "1", "account": account.id})
        found = next((one for one in _accounts(object_of(answer)) if one.get("id") == account.id), None)
        if found is None:
            raise Refused(_("SimpleFIN no longer shows this account."), reason=Reason.NOT_FOUND)
        return Fetched(_account(found), answer.body)

    def fetch_balances(self, *, account: AccountRef) -> Fetched[None]:
        """Fetch the balance, unread."""
        return Fetched(None, self._read(account.consent, {"balances-only": "1", "account": account.id}).body)

    def fetch_transactions(self, *, account: AccountRef, since: date) -> Fetched[None]:
        """Fetch the entries from `since` on with the balance, unread."""
        start = int(datetime.combine(since, time(), UTC).timestamp())
        asked = {"account": account.id, "start-date": str(start), "pending": "1"}
        answer = self._read(account.consent, asked)
        object_of(answer)
        return Fetched(None, answer.body)

    def revoke(self, *, consent: Consent) -> None:
        """Do nothing: only its owner can remove an access at SimpleFIN; Payymo forgets the address."""

    def _read(self, consent: Consent, params: Mapping[str, str]) -> Answer:
        parts = urlsplit(consent.secret)
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        host = parts.netloc.rpartition("@")[2]
        url = urlunsplit((parts.scheme, host, f"{parts.path.rstrip('/')}/accounts", "", ""))
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        answer = self._send("GET", url, headers=headers, params=dict(params))
        _raise_for(answer)
        return answer

    def _send(self, method: str, url: str, **more: Any) -> Answer:
        try:
            return http.send(method, url, customer_url=True, breaker=self._breaker, **more)
        except http.AddressRefused as error:
            raise Refused(
                _("The token leads nowhere safe. %(why)s"), why=error.sentence, reason=Reason.CONSENT_NOT_GIVEN
            ) from error
        except http.NotReached as error:
            raise Retryable(_("SimpleFIN cannot be reached."), reason=Reason.UNREACHABLE) from error
        except http.AnswerLost as error:
            if method == "GET":
                raise Retryable(_("SimpleFIN did not answer in time."), reason=Reason.UNREACHABLE) from error
            raise Unknown(_("SimpleFIN did not answer in time."), reason=Reason.UNREACHABLE) from error


def _claim_url(token: str) -> str:
    try:
        url = base64.b64decode("".join(token.split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        url = ""
    if not url.startswith(("https://", "http://")):
        raise Refused(_("This is not a SimpleFIN setup token. Copy it whole."), reason=Reason.CONSENT_NOT_GIVEN)
    return url


def _raise_for(answer: Answer) -> None:
    if 200 <= answer.status < 300:
        return
    if answer.status == 402:
        raise Refused(_("The SimpleFIN subscription has ended. Pay it there to go on."), reason=Reason.PLAN_USED_UP)
    if answer.status in {401, 403}:
        raise Refused(_("The access was removed at SimpleFIN. Renew it with a new token."), reason=Reason.CONSENT_ENDED)
    if answer.status == 429:
        wait = answer.retry_after()
        raise Retryable(
            _("The day's requests at SimpleFIN are used up for now."),
            reason=Reason.RATE_LIMITED,
            retry_after=_AN_HOUR if wait is None else wait,
        )
    if answer.status >= 500:
        raise Retryable(_("SimpleFIN cannot be reached just now."), reason=Reason.BANK_DOWN)
    raise Refused(
        _("SimpleFIN answered with status %(status)s."), status=str(answer.status), reason=Reason.INVALID_REQUEST
    )


def _accounts(fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = fields.get("accounts")
    if not isinstance(listed, list) or len(listed) > _MOST_ACCOUNTS or not all(isinstance(one, dict) for one in listed):
        raise unreadable()
    return listed


def _organisation(fields: Mapping[str, Any]) -> str:
    told = fields.get("org")
    return (text_of(told, "name") or text_of(told, "domain")) if isinstance(told, dict) else ""


def _account(fields: Mapping[str, Any]) -> ProviderAccount:
    """Return an account; its id is its organisation's own, told apart by case, so a digest of both goes before it."""
    id_, told = wanted(fields, "id", str), fields.get("org")
    if len(id_) > 100 or not isinstance(told, dict):
        raise unreadable()
    place = text_of(told, "domain") or text_of(told, "name")
    digest = hashlib.sha256(f"{place}\x00{id_}".encode()).hexdigest()[:32]
    currency = text_of(fields, "currency").upper()
    return ProviderAccount(id_, f"{digest}-{id_}", currency, text_of(fields, "name")[:140], is_iban=False)
