"""GoCardless Bank Account Data over its HTTP API, version 2. Every path ends in a slash."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

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
    Scope,
    Token,
    TokenSource,
)
from banking.clients.gocardless_answers import (
    check_account_status,
    days_of,
    institution_of,
    link_status,
    list_of,
    object_of,
    segment,
    text_of,
    unreadable,
    wanted,
)
from banking.clients.gocardless_errors import TokenRejected, quota_of, raise_for
from payymo.shared import http
from payymo.shared.errors import Refused, Retryable, Unknown
from payymo.shared.http import Answer

_CURRENCY = re.compile(r"[A-Z]{3}")
# A consent for more than this freezes the history at some banks: the same answer comes until the consent ends.
_FREEZING_DAYS = 90
_CALLBACK_ERRORS = {
    "InstitutionTechnicalError": _("The bank had a technical problem. Try again later."),
    "GoCardlessTechnicalError": _("GoCardless had a technical problem. Try again later."),
    "RequisitionLinkReused": _("The link was already used. Start again from Connections."),
    "ConsentLinkReused": _("The link was already used. Start again from Connections."),
    "UserCancelledSession": _("The consent was cancelled."),
    "UserSessionRejected": _("The bank refused the sign-in. Check the user there and try again."),
    "CompanyRequisitionLimitReached": _("The GoCardless plan allows no further banks."),
}


class GoCardlessTokens:
    """The two token calls; at most a hundred `new` an hour for the whole company, so the pair is kept and shared."""

    def __init__(self, base_url: str, *, breaker: http.Breaker | None = None) -> None:
        self._base_url, self._breaker = base_url.rstrip("/") + "/", breaker

    def new(self, *, secret_id: str, secret_key: str) -> tuple[Token, Token]:
        """Exchange the keys for an access and a refresh token.

        Raises: Refused(CREDENTIALS_INVALID), Retryable.
        """
        fields = self._post("token/new/", {"secret_id": secret_id, "secret_key": secret_key})
        return self._token(fields, "access"), self._token(fields, "refresh")

    def refresh(self, *, refresh_token: str) -> Token:
        """Exchange the refresh token for an access token; no new refresh token comes with it.

        Raises: Refused(CREDENTIALS_INVALID) when it is over, Retryable.
        """
        return self._token(self._post("token/refresh/", {"refresh": refresh_token}), "access")

    def _post(self, path: str, body: Mapping[str, str]) -> Mapping[str, Any]:
        answer = _send("POST", self._base_url + path, breaker=self._breaker, json=dict(body))
        try:
            raise_for(answer)
        except TokenRejected as error:
            raise Refused(_("The token is over."), reason=Reason.CREDENTIALS_INVALID) from error
        return object_of(answer)

    @staticmethod
    def _token(fields: Mapping[str, Any], name: str) -> Token:
        return Token(wanted(fields, name, str), wanted(fields, f"{name}_expires", int))


class GoCardless:
    """Implements `BankProvider`."""

    key = "gocardless_bad"
    capabilities = Capabilities(needs_keys=True, needs_redirect=True, daily_reads=4)

    def __init__(
        self, base_url: str, tokens: TokenSource, *, breaker: http.Breaker | None = None, is_patient: bool = False
    ) -> None:
        self._base_url = base_url.rstrip("/") + "/"
        self._tokens, self._breaker, self._is_patient = tokens, breaker, is_patient

    def list_institutions(self, *, country: str) -> Sequence[Institution]:
        """Return the banks of a country by name; those whose long history freezes are marked."""
        listed = list_of(self._call("GET", "institutions/", params={"country": country.lower()}))
        frozen = list_of(
            self._call(
                "GET",
                "institutions/",
                params={"country": country.lower(), "separate_continuous_history_consent_supported": "true"},
            )
        )
        freezing = {fields.get("id") for fields in frozen}
        found = (institution_of(fields, freezes=fields.get("id") in freezing) for fields in listed)
        return sorted(found, key=lambda one: (one.name.casefold(), one.id))

    def institution(self, *, institution_id: str) -> Institution:
        """Return one bank.

        Raises: Refused(UNKNOWN_INSTITUTION).
        """
        try:
            fields = object_of(self._call("GET", f"institutions/{segment(institution_id)}/"))
        except Refused as error:
            if error.reason == Reason.NOT_FOUND:
                raise Refused(_("GoCardless does not know this bank."), reason=Reason.UNKNOWN_INSTITUTION) from error
            raise
        features = fields.get("supported_features")
        return institution_of(fields, freezes="separate_continuous_history_consent" in (features or ()))

    def start_link(
        self, *, institution: Institution, reference: str, redirect_url: str, history_days: int, language: str
    ) -> LinkStart:
        """Make an agreement within the bank's limits and the requisition whose link the user opens.

        Raises: Refused(UNKNOWN_INSTITUTION, PLAN_USED_UP, INVALID_REQUEST), Retryable; Unknown when it may have been
        made: it was never shown to anybody, so a new one is safe.
        """
        most = (
            min(institution.history_days, _FREEZING_DAYS)
            if institution.freezes_long_history
            else institution.history_days
        )
        days = max(1, min(history_days, most))
        agreement = object_of(
            self._call(
                "POST",
                "agreements/enduser/",
                json={
                    "institution_id": institution.id,
                    "max_historical_days": days,
                    "access_valid_for_days": institution.access_days,
                    "access_scope": [scope.value for scope in (Scope.BALANCES, Scope.DETAILS, Scope.TRANSACTIONS)],
                },
            )
        )
        agreement_id = wanted(agreement, "id", str)
        made = object_of(
            self._call(
                "POST",
                "requisitions/",
                json={
                    "redirect": redirect_url,
                    "institution_id": institution.id,
                    "agreement": agreement_id,
                    "reference": reference,
                    "user_language": language[:5].upper(),
                },
            )
        )
        link = wanted(made, "link", str)
        if urlsplit(link).scheme not in {"https", urlsplit(self._base_url).scheme} or len(link) > 500:
            raise Refused(_("GoCardless gave a link that cannot be opened safely."), reason=Reason.UNREADABLE)
        return LinkStart(wanted(made, "id", str), agreement_id, link, days, days_of(agreement, "access_valid_for_days"))

    def exchange(self, *, consent: Consent) -> Consent:
        """Return the consent as it is: the requisition had its id from the start."""
        return consent

    def explain(self, *, error_code: str) -> str:
        """Put an error code of the redirect into words."""
        return _CALLBACK_ERRORS.get(error_code, "")

    def link_state(self, *, consent: Consent) -> LinkState:
        """Return how far the consent has come, and when it ends: its acceptance plus the days that were agreed."""
        made = object_of(self._call("GET", f"requisitions/{segment(consent.id)}/"))
        ids = made.get("accounts")
        account_ids = tuple(one for one in ids if isinstance(one, str)) if isinstance(ids, list) else ()
        status = link_status(wanted(made, "status", str))
        agreement = made.get("agreement")
        ends_at = None
        if status is LinkStatus.LINKED and isinstance(agreement, str) and agreement:
            ends_at = self._ends_at(agreement)
        return LinkState(
            status,
            wanted(made, "institution_id", str),
            account_ids if status is LinkStatus.LINKED else (),
            ends_at,
        )

    def _ends_at(self, agreement_id: str) -> datetime | None:
        fields = object_of(self._call("GET", f"agreements/enduser/{segment(agreement_id)}/"))
        accepted = fields.get("accepted")
        if not isinstance(accepted, str):
            return None
        try:
            at = datetime.fromisoformat(accepted)
        except ValueError as error:
            raise unreadable() from error
        if at.tzinfo is None:
            raise unreadable()
        return at + timedelta(days=days_of(fields, "access_valid_for_days"))

    def account(self, *, account: AccountRef) -> Fetched[ProviderAccount]:
        """Return the account's number, currency and names.

        Raises: Retryable(NOT_READY) while the provider is still reading it; Refused(UNREADABLE) without a currency,
        CONSENT_ENDED or SUSPENDED, before a call to the bank is spent.
        """
        known = object_of(self._call("GET", f"accounts/{segment(account.id)}/"))
        check_account_status(text_of(known, "status"))
        answer = self._call("GET", f"accounts/{segment(account.id)}/details/")
        told = object_of(answer).get("account")
        if not isinstance(told, dict):
            raise unreadable()
        iban = text_of(told, "iban") or text_of(known, "iban")
        number = iban or next(
            (text_of(told, kind) for kind in ("bban", "scan", "maskedPan", "msisdn") if text_of(told, kind)), ""
        )
        currency = text_of(told, "currency").upper()
        if not number or not _CURRENCY.fullmatch(currency):
            raise Refused(_("The bank tells neither number nor currency of the account."), reason=Reason.UNREADABLE)
        name = (
            text_of(told, "displayName") or text_of(told, "name") or text_of(known, "name") or text_of(told, "product")
        )
        owner = text_of(told, "ownerName") or text_of(known, "owner_name")
        found = ProviderAccount(account.id, number, currency, name[:140], owner[:140], is_iban=bool(iban))
        return Fetched(found, answer.body, quota_of(answer.headers))

    def fetch_balances(self, *, account: AccountRef) -> Fetched[None]:
        """Fetch the balances, unread."""
        return self._fetch(account.id, Scope.BALANCES, {})

    def fetch_transactions(self, *, account: AccountRef, since: date) -> Fetched[None]:
        """Fetch the entries from `since` on, unread; more history than agreed is silently left out."""
        return self._fetch(account.id, Scope.TRANSACTIONS, {"date_from": since.isoformat()})

    def _fetch(self, account_id: str, scope: Scope, params: Mapping[str, str]) -> Fetched[None]:
        answer = self._call("GET", f"accounts/{segment(account_id)}/{scope}/", params=dict(params))
        object_of(answer)
        return Fetched(None, answer.body, quota_of(answer.headers))

    def revoke(self, *, consent: Consent) -> None:
        """Remove the requisition and its agreement; gone already is fine.

        Raises: Refused, Retryable; Unknown when it may have been removed.
        """
        try:
            self._call("DELETE", f"requisitions/{segment(consent.id)}/")
        except Refused as error:
            if error.reason != Reason.NOT_FOUND:
                raise

    def _call(self, method: str, path: str, **body: Any) -> Answer:
        token = self._tokens.current()
        try:
            return self._authorised(method, path, token, body)
        except TokenRejected:
            token = self._tokens.renew(token)
        try:
            return self._authorised(method, path, token, body)
        except TokenRejected as error:
            raise Refused(_("GoCardless refuses a fresh token."), reason=Reason.CREDENTIALS_INVALID) from error

    def _authorised(self, method: str, path: str, token: str, body: Mapping[str, Any]) -> Answer:
        # What is read of an account counts against its few calls a day, so it is not repeated.
        may_repeat = self._is_patient and method == "GET" and not path.startswith("accounts/")
        held = {"Authorization": f"Bearer {token}"}
        url = self._base_url + path
        answer = _send(method, url, headers=held, breaker=self._breaker, may_repeat=may_repeat, **body)
        raise_for(answer)
        return answer


def _send(method: str, url: str, **more: Any) -> Answer:
    try:
        return http.send(method, url, **more)
    except http.NotReached as error:
        raise Retryable(_("GoCardless cannot be reached."), reason=Reason.UNREACHABLE) from error
    except http.AnswerLost as error:
        if method == "GET" or "/token/" in url:
            raise Retryable(_("GoCardless did not answer in time."), reason=Reason.UNREACHABLE) from error
        raise Unknown(_("GoCardless did not answer in time."), reason=Reason.UNREACHABLE) from error
