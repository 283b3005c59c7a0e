"""GoCardless Bank Account Data over its HTTP API, version 2. Every path ends in a slash."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from banking.clients.base import (
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
from banking.clients.gocardless_errors import TokenRejected, quota_of, raise_for
from payymo.shared import http
from payymo.shared.errors import Refused, Retryable, Unknown
from payymo.shared.http import Answer

_STATUS = {
    "LN": LinkStatus.LINKED,
    "RJ": LinkStatus.REJECTED,
    "ER": LinkStatus.REJECTED,
    "EX": LinkStatus.EXPIRED,
    "SU": LinkStatus.SUSPENDED,
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,120}")
# A consent for more than this freezes the history at some banks: the same answer comes until the consent ends.
_FREEZING_DAYS = 90
Kind = TypeVar("Kind")


class GoCardlessTokens:
    """The two token calls; at most a hundred `new` an hour for the whole company, so the pair is kept and shared."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/") + "/"

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
        answer = _send("POST", self._base_url + path, json=dict(body))
        try:
            raise_for(answer)
        except TokenRejected as error:
            raise Refused("The token is over.", reason=Reason.CREDENTIALS_INVALID) from error
        return _object(answer)

    @staticmethod
    def _token(fields: Mapping[str, Any], name: str) -> Token:
        return Token(_wanted(fields, name, str), _wanted(fields, f"{name}_expires", int))


class GoCardless:
    """Implements `BankProvider`."""

    key = "gocardless_bad"

    def __init__(self, base_url: str, tokens: TokenSource) -> None:
        self._base_url = base_url.rstrip("/") + "/"
        self._tokens = tokens

    def list_institutions(self, *, country: str) -> Sequence[Institution]:
        """Return the banks of a country by name; those whose long history freezes are marked."""
        listed = _list(self._call("GET", "institutions/", params={"country": country.lower()}))
        frozen = _list(
            self._call(
                "GET",
                "institutions/",
                params={"country": country.lower(), "separate_continuous_history_consent_supported": "true"},
            )
        )
        freezing = {fields.get("id") for fields in frozen}
        found = (_institution(fields, freezes=fields.get("id") in freezing) for fields in listed)
        return sorted(found, key=lambda one: (one.name.casefold(), one.id))

    def institution(self, *, institution_id: str) -> Institution:
        """Return one bank.

        Raises: Refused(UNKNOWN_INSTITUTION).
        """
        try:
            fields = _object(self._call("GET", f"institutions/{_segment(institution_id)}/"))
        except Refused as error:
            if error.reason == Reason.NOT_FOUND:
                raise Refused("GoCardless does not know this bank.", reason=Reason.UNKNOWN_INSTITUTION) from error
            raise
        features = fields.get("supported_features")
        return _institution(fields, freezes="separate_continuous_history_consent" in (features or ()))

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
        agreement = _object(
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
        agreement_id = _wanted(agreement, "id", str)
        made = _object(
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
        link = _wanted(made, "link", str)
        if urlsplit(link).scheme not in {"https", urlsplit(self._base_url).scheme} or len(link) > 500:
            raise Refused("GoCardless gave a link that cannot be opened safely.", reason=Reason.UNREADABLE)
        return LinkStart(_wanted(made, "id", str), agreement_id, link, days)

    def link_state(self, *, requisition_id: str) -> LinkState:
        """Return how far the consent has come, and when it ends: its acceptance plus the days that were agreed."""
        made = _object(self._call("GET", f"requisitions/{_segment(requisition_id)}/"))
        ids = made.get("accounts")
        account_ids = tuple(one for one in ids if isinstance(one, str)) if isinstance(ids, list) else ()
        status = _STATUS.get(_wanted(made, "status", str), LinkStatus.OPEN)
        agreement = made.get("agreement")
        ends_at = None
        if status is LinkStatus.LINKED and isinstance(agreement, str) and agreement:
            ends_at = self._ends_at(agreement)
        reference = made.get("reference")
        return LinkState(
            status,
            _wanted(made, "institution_id", str),
            reference if isinstance(reference, str) else "",
            account_ids if status is LinkStatus.LINKED else (),
            ends_at,
        )

    def _ends_at(self, agreement_id: str) -> datetime | None:
        fields = _object(self._call("GET", f"agreements/enduser/{_segment(agreement_id)}/"))
        accepted = fields.get("accepted")
        if not isinstance(accepted, str):
            return None
        try:
            at = datetime.fromisoformat(accepted)
        except ValueError as error:
            raise _unreadable() from error
        if at.tzinfo is None:
            raise _unreadable()
        return at + timedelta(days=_days(fields, "access_valid_for_days"))

    def account(self, *, account_id: str) -> Fetched[ProviderAccount]:
        """Return the account's number, currency and names.

        Raises: Retryable(NOT_READY) while the provider is still reading it; Refused(UNREADABLE) without a currency.
        """
        known = _object(self._call("GET", f"accounts/{_segment(account_id)}/"))
        answer = self._call("GET", f"accounts/{_segment(account_id)}/details/")
        told = _object(answer).get("account")
        if not isinstance(told, dict):
            raise _unreadable()
        iban = _text(told, "iban") or _text(known, "iban")
        number = iban or next(
            (_text(told, kind) for kind in ("bban", "scan", "maskedPan", "msisdn") if _text(told, kind)), ""
        )
        currency = _text(told, "currency").upper()
        if not number or not _CURRENCY.fullmatch(currency):
            raise Refused("The bank tells neither number nor currency of the account.", reason=Reason.UNREADABLE)
        name = _text(told, "displayName") or _text(told, "name") or _text(known, "name") or _text(told, "product")
        owner = _text(told, "ownerName") or _text(known, "owner_name")
        account = ProviderAccount(account_id, number, currency, name[:140], owner[:140], is_iban=bool(iban))
        return Fetched(account, answer.body, quota_of(answer.headers))

    def fetch_balances(self, *, account_id: str) -> Fetched[None]:
        """Fetch the balances, unread."""
        return self._fetch(account_id, Scope.BALANCES, {})

    def fetch_transactions(self, *, account_id: str, since: date) -> Fetched[None]:
        """Fetch the entries from `since` on, unread; more history than agreed is silently left out."""
        return self._fetch(account_id, Scope.TRANSACTIONS, {"date_from": since.isoformat()})

    def _fetch(self, account_id: str, scope: Scope, params: Mapping[str, str]) -> Fetched[None]:
        answer = self._call("GET", f"accounts/{_segment(account_id)}/{scope}/", params=dict(params))
        _object(answer)
        return Fetched(None, answer.body, quota_of(answer.headers))

    def revoke(self, *, requisition_id: str) -> None:
        """Remove the requisition and its agreement; gone already is fine.

        Raises: Refused, Retryable; Unknown when it may have been removed.
        """
        try:
            self._call("DELETE", f"requisitions/{_segment(requisition_id)}/")
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
            raise Refused("GoCardless refuses a fresh token.", reason=Reason.CREDENTIALS_INVALID) from error

    def _authorised(self, method: str, path: str, token: str, body: Mapping[str, Any]) -> Answer:
        answer = _send(method, self._base_url + path, headers={"Authorization": f"Bearer {token}"}, **body)
        raise_for(answer)
        return answer


def _send(method: str, url: str, **more: Any) -> Answer:
    try:
        return http.send(method, url, **more)
    except http.NotReached as error:
        raise Retryable("GoCardless cannot be reached.", reason=Reason.UNREACHABLE) from error
    except http.AnswerLost as error:
        if method == "GET" or "/token/" in url:
            raise Retryable("GoCardless did not answer in time.", reason=Reason.UNREACHABLE) from error
        raise Unknown("GoCardless did not answer in time.", reason=Reason.UNREACHABLE) from error


def _unreadable() -> Retryable:
    return Retryable("The bank data provider's answer cannot be read.", reason=Reason.UNREADABLE)


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:
        raise Retryable(
            "The bank data provider answered with a page instead of data.", reason=Reason.UNREADABLE
        ) from error


def _object(answer: Answer) -> Mapping[str, Any]:
    fields = _json(answer)
    if not isinstance(fields, dict):
        raise _unreadable()
    return fields


def _list(answer: Answer) -> list[Mapping[str, Any]]:
    listed = _json(answer)
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _unreadable()
    return listed


def _wanted(fields: Mapping[str, Any], name: str, kind: type[Kind]) -> Kind:
    value = fields.get(name)
    if not isinstance(value, kind) or isinstance(value, bool) or not value:
        raise _unreadable()
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip()[:200] if isinstance(value, str) else ""


def _days(fields: Mapping[str, Any], name: str) -> int:
    """Read a number of days: a string in the list of banks, a number in an agreement; 90 is the documented default."""
    value = str(fields.get(name) or "90")
    if not re.fullmatch(r"[0-9]{1,4}", value) or not int(value):
        raise _unreadable()
    return int(value)


def _institution(fields: Mapping[str, Any], *, freezes: bool) -> Institution:
    countries = fields.get("countries")
    return Institution(
        id=_wanted(fields, "id", str)[:120],
        name=_wanted(fields, "name", str).strip()[:200],
        bic=_text(fields, "bic"),
        countries=tuple(str(one)[:2] for one in countries) if isinstance(countries, list) else (),
        history_days=_days(fields, "transaction_total_days"),
        access_days=_days(fields, "max_access_valid_for_days"),
        freezes_long_history=freezes,
    )


def _segment(text: str) -> str:
    """Return the text as one part of a path, so that no stored id can lead to another resource."""
    if not _ID.fullmatch(text):
        raise Refused("The identifier is not of the provider's form.", reason=Reason.NOT_FOUND)
    return quote(text, safe="")
