"""Reads one GoCardless account with its access token. Nothing is written: the one PUT names no object.

Source: https://developer.gocardless.com/api-reference/
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext_noop as _

from payments.clients import gocardless_values as values
from payments.clients.base import (
    RemoteAccount,
    RemoteBalanceTransaction,
    RemoteCharge,
    RemoteDispute,
    RemoteEvent,
    RemoteIntent,
    RemotePayout,
    RemoteRefund,
)
from payments.clients.stripe_values import text
from payymo.shared import http
from payymo.shared.errors import Refused, Retryable

logger = logging.getLogger(__name__)
VERSION = "2015-07-06"
PAGE = 500
MOST_PAGES = 5000
READ_SECONDS = 10.0
LIVE_PREFIX, SANDBOX_PREFIX = "live_", "sandbox_"
NO_OBJECT = "PM000PAYYMOCHECK"
# A payment may be made weeks before its day of collection; there is no "changed since", but events tell the rest.
MADE_BEFORE = timedelta(days=35)
Value = TypeVar("Value")


class GoCardlessApi:
    """One account. See `payments.clients.base.PaymentProvider`."""

    def __init__(self, *, token: str, breaker: http.Breaker | None = None, is_patient: bool = False) -> None:
        self.livemode = not token.startswith(SANDBOX_PREFIX)
        base = settings.GOCARDLESS_PAYMENTS_URL if self.livemode else settings.GOCARDLESS_PAYMENTS_SANDBOX_URL
        self._base, self._token = base.rstrip("/"), token
        self._breaker, self._is_patient = breaker, is_patient

    def _ask(self, path: str, params: Mapping[str, Any] | None = None, *, method: str = "GET") -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "GoCardless-Version": VERSION}
        body: dict[str, Any] = {"params": dict(params or {})} if method == "GET" else {"json": {"payments": {}}}
        try:
            answer = http.send(
                method,
                f"{self._base}/{path}",
                headers=headers,
                read_seconds=READ_SECONDS,
                breaker=self._breaker,
                may_repeat=self._is_patient,
                **body,
            )
        except (http.NotReached, http.AnswerLost) as error:
            raise Retryable(_("GoCardless cannot be reached just now."), reason="unreachable") from error
        try:
            data = answer.json()
        except ValueError as error:
            raise Retryable(_("GoCardless's answer is not JSON."), reason="unreadable") from error
        if answer.status >= 400:
            raise _translate(answer, data)
        if not isinstance(data, Mapping):
            raise values.Unreadable("it is not an object")
        return data

    def _one(self, resource: str, object_id: str) -> Mapping[str, Any]:
        if not object_id.isascii() or not object_id.isalnum():
            raise Refused(_("GoCardless has no such object."), reason="invalid_request")
        found = self._ask(f"{resource}/{object_id}").get(resource)
        if not isinstance(found, Mapping):
            raise values.Unreadable("it is not an object")
        return found

    def _walk(
        self, resource: str, params: Mapping[str, Any], parse: Callable[[Mapping[str, Any]], Value]
    ) -> Iterator[Value]:
        after = ""
        for _page in range(MOST_PAGES):
            page = self._ask(resource, {**params, "limit": PAGE, **({"after": after} if after else {})})
            rows = page.get(resource)
            if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
                raise values.Unreadable("it is not a list")
            yield from (parse(row) for row in rows)
            meta = page.get("meta")
            cursors = meta.get("cursors") if isinstance(meta, Mapping) else None
            after = text(cursors, "after") if isinstance(cursors, Mapping) else ""
            if not rows or not after:
                return
        raise Retryable(_("GoCardless's list does not come to an end."), reason="endless")

    @staticmethod
    def _since(created_from: datetime | None, *, before: timedelta = timedelta()) -> dict[str, str]:
        if created_from is None:
            return {}
        moment = (created_from - before).astimezone(UTC)
        return {"created_at[gte]": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}

    def account(self) -> RemoteAccount:
        """Return the creditor behind the token: the first, where there are several."""
        found = list(self._walk("creditors", {}, lambda row: row))
        if not found:
            raise Refused(_("This GoCardless account has no creditor yet."), reason="no_creditor")
        first = min(found, key=lambda row: (text(row, "created_at"), values.identifier(row)))
        return RemoteAccount(
            account_id=values.identifier(first),
            name=text(first, "name", longest=200),
            livemode=self.livemode,
            default_currency=text(first, "fx_payout_currency", longest=3).upper(),
        )

    def missing_permissions(self) -> tuple[str, ...]:
        """Try one read of each kind and name the ones that are refused."""
        kinds = {"Creditors": "creditors", "Payments": "payments", "Refunds": "refunds", "Payouts": "payouts",
                 "Events": "events"}  # fmt: skip
        return tuple(name for name, resource in kinds.items() if not self._may(resource))

    def superfluous_permissions(self) -> tuple[str, ...]:
        """Name the right to write, which a read-only token lacks: 403 without it, 404 with it."""
        return ("Payments (write)",) if self._may(f"payments/{NO_OBJECT}", method="PUT") else ()

    def _may(self, path: str, *, method: str = "GET") -> bool:
        try:
            self._ask(path, {"limit": 1}, method=method)
        except Refused as error:
            if error.reason == "permission_missing":
                return False
            if method == "GET" or error.reason != "invalid_request":
                raise
        return True

    def charges(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteCharge]:
        """Walk the payments, newest first, as charges."""
        return self._walk("payments", self._since(created_from, before=MADE_BEFORE), values.charge)

    def charge(self, charge_id: str) -> RemoteCharge:
        """Read one payment as a charge."""
        return values.charge(self._one("payments", charge_id))

    def intents(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteIntent]:
        """Walk the payments as attempts to pay."""
        return self._walk("payments", self._since(created_from, before=MADE_BEFORE), values.intent)

    def intent(self, intent_id: str) -> RemoteIntent:
        """Read one payment as an attempt to pay."""
        return values.intent(self._one("payments", intent_id))

    def refunds(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteRefund]:
        """Walk the refunds."""
        return self._walk("refunds", self._since(created_from), values.refund)

    def refund(self, refund_id: str) -> RemoteRefund:
        """Read one refund."""
        return values.refund(self._one("refunds", refund_id))

    def disputes(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteDispute]:
        """Walk the payments that were paid out and taken back."""
        since = self._since(created_from, before=MADE_BEFORE)
        for status in ("charged_back", "failed"):
            for row in self._walk("payments", {**since, "status": status}, lambda row: row):
                if values.came_back(row):
                    yield values.dispute(row)

    def dispute(self, dispute_id: str) -> RemoteDispute:
        """Read the payment that a chargeback is about."""
        return values.dispute(self._one("payments", dispute_id))

    def payouts(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemotePayout]:
        """Walk the payouts."""
        return self._walk("payouts", self._since(created_from), values.payout)

    def payout(self, payout_id: str) -> RemotePayout:
        """Read one payout."""
        return values.payout(self._one("payouts", payout_id))

    def payout_items(self, payout_id: str) -> Iterator[RemoteBalanceTransaction]:
        """Walk what a payout holds; GoCardless keeps that for six months.

        Raises: Refused("gone") when it is over.
        """
        sent = self.payout(payout_id)
        return values.movements(sent, self._walk("payout_items", {"payout": payout_id}, lambda row: row))

    def balance_transactions(
        self, *, created_from: datetime | None, after: str = ""
    ) -> Iterator[RemoteBalanceTransaction]:
        """Give none: GoCardless keeps no ledger but the items of its payouts."""
        return iter(())

    def events(self, *, created_from: datetime) -> Iterator[RemoteEvent]:
        """Walk the events."""
        return self._walk("events", self._since(created_from), lambda row: values.event(row, livemode=self.livemode))


def _translate(answer: http.Answer, data: object) -> Refused | Retryable:
    """Say what a failure means to us; the request's id goes into the log, since GoCardless asks for it."""
    error = data.get("error") if isinstance(data, Mapping) else None
    error = error if isinstance(error, Mapping) else {}
    kind = text(error, "type", longest=40)
    logger.info("gocardless refused", extra={"event": "provider_refused", "reason": text(error, "request_id")[:64]})
    if answer.status == 401:
        return Refused(_("GoCardless does not accept the access token. Paste a new one."), reason="credentials_invalid")
    if answer.status == 403:
        return Refused(_("The access token lacks a read permission."), reason="permission_missing")
    if answer.status == 410:
        return Refused(_("GoCardless does not keep this any more."), reason="gone")
    if answer.status == 429:
        return Retryable(_("GoCardless asks to slow down."), reason="rate_limited", retry_after=_until_reset(answer))
    if answer.status >= 500 or kind == "gocardless":
        return Retryable(_("GoCardless cannot answer just now."), reason="unreachable")
    return Refused(
        _("GoCardless refused the question (%(code)s)."), code=kind or str(answer.status), reason="invalid_request"
    )


def _until_reset(answer: http.Answer) -> float:
    """Return how long the limit lasts: its end is a date in a header of its own."""
    try:
        until = parsedate_to_datetime(str(answer.headers.get("ratelimit-reset", "")))
    except ValueError:
        return answer.retry_after() or 60.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(1.0, (until - datetime.now(UTC)).total_seconds()), http.LONGEST_RETRY_AFTER)
