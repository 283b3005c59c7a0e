"""Enable Banking over its HTTP API: a token signed by the tenant's own application, sessions, accounts.

Source: enablebanking.com/docs (API reference, linked accounts); its OpenAPI description.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import jwt
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
from banking.clients.enable_banking_answers import (
    account_of,
    institution_of,
    listed,
    moment_of,
    with_pages,
)
from banking.clients.enable_banking_errors import raise_for
from banking.clients.gocardless_answers import object_of, segment, unreadable, wanted
from payymo.shared import http
from payymo.shared.errors import Refused, Retryable, Unknown
from payymo.shared.http import Answer

_STATUS = {
    "AUTHORIZED": LinkStatus.LINKED,
    "PENDING_AUTHORIZATION": LinkStatus.OPEN,
    "RETURNED_FROM_BANK": LinkStatus.OPEN,
    "CANCELLED": LinkStatus.REJECTED,
    "INVALID": LinkStatus.REJECTED,
    "CLOSED": LinkStatus.EXPIRED,
    "EXPIRED": LinkStatus.EXPIRED,
    "REVOKED": LinkStatus.EXPIRED,
}
_CALLBACK_ERRORS = {
    "access_denied": _("The consent was cancelled."),
    "server_error": _("The bank had a technical problem. Try again later."),
    "temporarily_unavailable": _("The bank had a technical problem. Try again later."),
    "invalid_request": _("Enable Banking refused the request. Start again from Connections."),
}
_TOKEN_LIFE = timedelta(hours=1)
# Clocks differ; a token from the future is refused.
_SKEW = timedelta(minutes=1)
_MOST_PAGES, _MOST_BYTES = 500, 40 * 1024 * 1024
_SHORTER_DAYS = (89, 60, 30)


@dataclass(frozen=True, slots=True)
class Application:
    """The tenant's application: its id is the key id of the token, its private key (PEM) signs it."""

    id: str
    private_key: str = field(repr=False)


class EnableBanking:
    """Implements `BankProvider`. `application` is asked for at the first call, so that missing keys are said then."""

    key = "enable_banking"
    capabilities = Capabilities(needs_keys=True, needs_redirect=True, daily_reads=4)

    def __init__(
        self,
        base_url: str,
        application: Callable[[], Application],
        *,
        now: datetime,
        breaker: http.Breaker | None = None,
        is_patient: bool = False,
    ) -> None:
        self._base_url, self._application, self._now = base_url.rstrip("/"), application, now
        self._breaker, self._is_patient = breaker, is_patient

    def redirect_urls(self) -> tuple[str, ...]:
        """Check the keys and return the addresses that the application lets people come back to.

        Raises: Refused(CREDENTIALS_INVALID) for wrong keys or an application that is not active; Retryable.
        """
        fields = object_of(self._call("GET", "/application"))
        if fields.get("active") is not True:
            raise Refused(
                _("The application is not active yet. Activate it in the Enable Banking control panel."),
                reason=Reason.CREDENTIALS_INVALID,
            )
        urls = fields.get("redirect_urls")
        return tuple(one for one in urls if isinstance(one, str)) if isinstance(urls, list) else ()

    def list_institutions(self, *, country: str) -> Sequence[Institution]:
        """Return the banks of a country by name."""
        answer = self._call("GET", "/aspsps", params={"country": country.upper()})
        found = [institution_of(fields) for fields in listed(object_of(answer), "aspsps")]
        return sorted(found, key=lambda one: (one.name.casefold(), one.id))

    def institution(self, *, institution_id: str) -> Institution:
        """Return one bank by country and name, which together are its only key.

        Raises: Refused(UNKNOWN_INSTITUTION).
        """
        country = institution_id.partition(":")[0]
        if len(country) == 2 and country.isalpha() and country.isascii():
            for one in self.list_institutions(country=country):
                if one.id == institution_id:
                    return one
        raise Refused(_("Enable Banking does not know this bank."), reason=Reason.UNKNOWN_INSTITUTION)

    def start_link(
        self, *, institution: Institution, reference: str, redirect_url: str, history_days: int, language: str
    ) -> LinkStart:
        """Ask for the bank's consent page; the session begins only with the code that comes back from it.

        Raises: Refused, Retryable; Unknown when it may have been prepared: nobody saw its page, a new one is safe.
        """
        country, name = institution.id.partition(":")[::2]
        # A moment less than the bank allows, which counts from its own clock.
        until = self._now + timedelta(days=institution.access_days) - 2 * _SKEW
        body = {
            "access": {"valid_until": until.isoformat(), "balances": True, "transactions": True},
            "aspsp": {"name": name, "country": country},
            "state": reference,
            "redirect_url": redirect_url,
            "psu_type": institution.customer_kind,
            "language": language[:2].lower(),
        }
        made = object_of(self._call("POST", "/auth", json=body))
        link = wanted(made, "url", str)
        if urlsplit(link).scheme not in {"https", urlsplit(self._base_url).scheme} or len(link) > 2000:
            raise Refused(_("Enable Banking gave a link that cannot be opened safely."), reason=Reason.UNREADABLE)
        days = min(history_days, institution.history_days)
        return LinkStart("", wanted(made, "authorization_id", str)[:64], link, days, institution.access_days)

    def exchange(self, *, consent: Consent) -> Consent:
        """Begin the session that the code stands for.

        Raises: Refused(CONSENT_NOT_GIVEN) for a code that is wrong, over or used; Retryable; Unknown.
        """
        made = object_of(self._call("POST", "/sessions", json={"code": consent.secret}))
        return Consent(wanted(made, "session_id", str)[:64])

    def link_state(self, *, consent: Consent) -> LinkState:
        """Return the session's bank, accounts and end; only an authorised one is linked."""
        made = object_of(self._call("GET", f"/sessions/{segment(consent.id)}"))
        status = _STATUS.get(wanted(made, "status", str), LinkStatus.OPEN)
        bank, access = made.get("aspsp"), made.get("access")
        if not isinstance(bank, dict) or not isinstance(access, dict):
            raise unreadable()
        uids = made.get("accounts")
        ids = tuple(one for one in uids if isinstance(one, str)) if isinstance(uids, list) else ()
        return LinkState(
            status,
            f"{wanted(bank, 'country', str)}:{wanted(bank, 'name', str)}"[:120],
            ids if status is LinkStatus.LINKED else (),
            moment_of(access, "valid_until"),
        )

    def explain(self, *, error_code: str) -> str:
        """Put an error of the way back into words."""
        return _CALLBACK_ERRORS.get(error_code, "")

    def account(self, *, account: AccountRef) -> Fetched[ProviderAccount]:
        """Return the account's number, currency and names.

        Raises: Refused(UNREADABLE) without a currency or anything to know the account by.
        """
        answer = self._call("GET", f"/accounts/{segment(account.id)}/details")
        return Fetched(account_of(object_of(answer), account.id), answer.body)

    def fetch_balances(self, *, account: AccountRef) -> Fetched[None]:
        """Fetch the balances, unread."""
        answer = self._call("GET", f"/accounts/{segment(account.id)}/balances")
        object_of(answer)
        return Fetched(None, answer.body)

    def fetch_transactions(self, *, account: AccountRef, since: date) -> Fetched[None]:
        """Fetch every page of the entries from `since` on, unread, as one answer.

        Shape: a bank that keeps less is asked for 89, 60, then 30 days; the answer says from which day it is.
        Raises: Refused(HISTORY_TOO_LONG) when even that is refused.
        """
        today = self._now.date()
        shorter = (today - timedelta(days) for days in _SHORTER_DAYS)
        for first in (since, *(day for day in shorter if day > since)):
            try:
                return Fetched(None, with_pages(self._pages(account, first)), since=first)
            except Refused as error:
                if error.reason != Reason.HISTORY_TOO_LONG:
                    raise
                refused = error
        raise refused

    def _pages(self, account: AccountRef, since: date) -> list[bytes]:
        params = {"date_from": since.isoformat()}
        pages: list[bytes] = []
        key = ""
        while True:
            more = {"continuation_key": key} if key else {}
            answer = self._call("GET", f"/accounts/{segment(account.id)}/transactions", params={**params, **more})
            fields = object_of(answer)
            pages.append(answer.body)
            following = fields.get("continuation_key")
            # An empty page with a key is not the end.
            if not following:
                return pages
            if not isinstance(following, str) or following == key or len(pages) >= _MOST_PAGES:
                raise unreadable()
            if sum(map(len, pages)) > _MOST_BYTES:
                raise unreadable()
            key = following

    def revoke(self, *, consent: Consent) -> None:
        """End the session; one that is over already is fine.

        Raises: Refused, Retryable; Unknown when it may have ended.
        """
        try:
            self._call("DELETE", f"/sessions/{segment(consent.id)}")
        except Refused as error:
            if error.reason not in {Reason.CONSENT_ENDED, Reason.NOT_FOUND}:
                raise

    def _call(self, method: str, path: str, **body: Any) -> Answer:
        may_repeat = self._is_patient and method == "GET" and not path.startswith("/accounts/")
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = _send(method, self._base_url + path, headers, breaker=self._breaker, may_repeat=may_repeat, **body)
        raise_for(answer)
        return answer

    @cached_property
    def _token(self) -> str:
        """Made once: reading the key costs a hundred times what signing does."""
        application = self._application()
        claims = {
            "iss": "enablebanking.com",
            "aud": "api.enablebanking.com",
            "iat": self._now - _SKEW,
            "exp": self._now + _TOKEN_LIFE,
        }
        try:
            return jwt.encode(claims, application.private_key, algorithm="RS256", headers={"kid": application.id})
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Refused(
                _("The private key cannot be read. Give the whole .pem file of the application, without a password."),
                reason=Reason.CREDENTIALS_INVALID,
            ) from error


def _send(method: str, url: str, headers: Mapping[str, str], **more: Any) -> Answer:
    try:
        return http.send(method, url, headers=headers, **more)
    except http.NotReached as error:
        raise Retryable(_("Enable Banking cannot be reached."), reason=Reason.UNREACHABLE) from error
    except http.AnswerLost as error:
        if method == "GET":
            raise Retryable(_("Enable Banking did not answer in time."), reason=Reason.UNREACHABLE) from error
        raise Unknown(_("Enable Banking did not answer in time."), reason=Reason.UNREACHABLE) from error
