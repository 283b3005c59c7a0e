"""Reads one Stripe account through Stripe's own library.

No global key: the client holds key and account, and each call carries them. Stripe's errors become Refused (the key or
the question is wrong) or Retryable; Payymo never writes to Stripe, so nothing here can be Unknown. The one POST, of the
permission check, names an object that cannot exist.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import stripe
from django.conf import settings
from django.utils.translation import gettext_noop as _

from payments.clients import stripe_values as values
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
from payments.clients.stripe_http import StripeHttp
from payymo.shared.errors import Refused, Retryable
from payymo.shared.http import Answer, Breaker

PAGE = 100
MOST_PAGES = 5000
NO_OBJECT = "payymo_permission_check"
Value = TypeVar("Value")


def _plain(thing: Any) -> Mapping[str, Any]:
    data = thing.to_dict(for_json=True) if hasattr(thing, "to_dict") else thing
    if not isinstance(data, Mapping):
        raise values.Unreadable("it is not an object")
    return data


def _translate(error: Exception) -> Refused | Retryable:
    """Say what a failure means to us."""
    if isinstance(error, stripe.AuthenticationError):
        return Refused(_("Stripe does not accept the key. Paste a new one."), reason="credentials_invalid")
    if isinstance(error, stripe.PermissionError):
        return Refused(_("The key lacks a read permission."), reason="permission_missing")
    if isinstance(error, stripe.RateLimitError):
        wait = Answer(429, b"", error.headers or {}).retry_after()
        return Retryable(_("Stripe asks to slow down."), reason="rate_limited", retry_after=wait or 60)
    if isinstance(error, stripe.InvalidRequestError):
        return Refused(
            _("Stripe refused the question (%(code)s)."), code=error.code or "invalid request", reason="invalid_request"
        )
    return Retryable(_("Stripe cannot be reached just now."), reason="unreachable")


class StripeApi:
    """One account, read with one key. See `payments.clients.base.PaymentProvider`."""

    def __init__(
        self, *, key: str, account_id: str = "", breaker: Breaker | None = None, is_patient: bool = False
    ) -> None:
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": settings.STRIPE_URL, "connect": settings.STRIPE_CONNECT_URL},
            max_network_retries=0,
            http_client=StripeHttp(breaker=breaker, may_repeat=is_patient),
        )
        # Left out for a restricted key of the account itself; with Connect it must never be left out.
        self._options: stripe.RequestOptions = {"stripe_account": account_id} if account_id else {}

    def _ask(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except stripe.StripeError as error:
            raise _translate(error) from error
        except ValueError as error:
            # A page of HTML from a proxy instead of JSON.
            raise Retryable(_("Stripe's answer is not JSON."), reason="unreadable") from error

    def _walk(
        self, service: Any, parse: Callable[[Mapping[str, Any]], Value], params: dict[str, Any], after: str = ""
    ) -> Iterator[Value]:
        for _page in range(MOST_PAGES):
            asked = {**params, "limit": PAGE, **({"starting_after": after} if after else {})}
            page = self._ask(lambda asked=asked: service.list(asked, self._options))  # type: ignore[misc]
            found = getattr(page, "data", None)
            if not isinstance(found, list):
                raise values.Unreadable("it is not a list")
            rows = [_plain(row) for row in found]
            yield from (parse(row) for row in rows)
            if not rows or not page.has_more:
                return
            after = values.identifier(rows[-1])
        raise Retryable(_("Stripe's list does not come to an end."), reason="endless")

    @staticmethod
    def _since(created_from: datetime | None) -> dict[str, Any]:
        return {"created": {"gte": int(created_from.timestamp())}} if created_from else {}

    def account(self) -> RemoteAccount:
        """Return the account behind the key."""
        data = _plain(self._ask(lambda: self._client.v1.accounts.retrieve_current(None, self._options)))
        balance = _plain(self._ask(lambda: self._client.v1.balance.retrieve(None, self._options)))
        settings_ = data.get("settings")
        dashboard = settings_.get("dashboard") if isinstance(settings_, Mapping) else None
        profile = data.get("business_profile")
        name = values.text(dashboard, "display_name") if isinstance(dashboard, Mapping) else ""
        if not name and isinstance(profile, Mapping):
            name = values.text(profile, "name")
        return RemoteAccount(
            account_id=values.identifier(data),
            name=name[:200],
            livemode=balance.get("livemode") is True,
            default_currency=values.text(data, "default_currency", longest=3).upper(),
        )

    def missing_permissions(self) -> tuple[str, ...]:
        """Try one harmless read of each kind and name the ones that are refused."""
        v1 = self._client.v1
        kinds = {
            "Charges": v1.charges, "Payment intents": v1.payment_intents, "Refunds": v1.refunds,
            "Disputes": v1.disputes, "Payouts": v1.payouts, "Balance transactions": v1.balance_transactions,
            "Events": v1.events,
        }  # fmt: skip
        missing = []
        for name, service in kinds.items():
            try:
                self._ask(lambda service=service: service.list({"limit": 1}, self._options))  # type: ignore[misc]
            except Refused as error:
                if error.reason != "permission_missing":
                    raise
                missing.append(name)
        return tuple(missing)

    def superfluous_permissions(self) -> tuple[str, ...]:
        """Ask for what is not needed, and name what is not refused.

        Stripe names no key's rights. To write is tried on an object that cannot exist: 403 without the right, 404 with.
        """
        v1 = self._client.v1
        reads = {"Customers": v1.customers, "Invoices": v1.invoices, "Subscriptions": v1.subscriptions}
        writes = {
            "Charges": v1.charges, "Payment intents": v1.payment_intents, "Refunds": v1.refunds,
            "Disputes": v1.disputes, "Payouts": v1.payouts, "Customers": v1.customers,
        }  # fmt: skip
        found = [f"{name} (read)" for name, service in reads.items() if self._may_read(service)]
        return (*found, *(f"{name} (write)" for name, service in writes.items() if self._may_write(service)))

    def _may_read(self, service: Any) -> bool:
        try:
            self._ask(lambda: service.list({"limit": 1}, self._options))
        except Refused as error:
            if error.reason not in ("permission_missing", "invalid_request"):
                raise
            return False
        return True

    def _may_write(self, service: Any) -> bool:
        try:
            self._ask(lambda: service.update(NO_OBJECT, {}, self._options))
        except Refused as error:
            if error.reason == "permission_missing":
                return False
            if error.reason != "invalid_request":
                raise
        return True

    def charges(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteCharge]:
        """Walk the charges, newest first, with their balance transactions."""
        params = {**self._since(created_from), "expand": ["data.balance_transaction"]}
        return self._walk(self._client.v1.charges, values.charge, params, after)

    def charge(self, charge_id: str) -> RemoteCharge:
        """Read one charge."""
        expand: Any = {"expand": ["balance_transaction"]}
        found = self._ask(lambda: self._client.v1.charges.retrieve(charge_id, expand, self._options))
        return values.charge(_plain(found))

    def intents(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteIntent]:
        """Walk the payment intents, newest first."""
        return self._walk(self._client.v1.payment_intents, values.intent, self._since(created_from), after)

    def intent(self, intent_id: str) -> RemoteIntent:
        """Read one payment intent."""
        found = self._ask(lambda: self._client.v1.payment_intents.retrieve(intent_id, None, self._options))
        return values.intent(_plain(found))

    def refunds(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteRefund]:
        """Walk the refunds, newest first."""
        return self._walk(self._client.v1.refunds, values.refund, self._since(created_from), after)

    def refund(self, refund_id: str) -> RemoteRefund:
        """Read one refund."""
        return values.refund(
            _plain(self._ask(lambda: self._client.v1.refunds.retrieve(refund_id, None, self._options)))
        )

    def disputes(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteDispute]:
        """Walk the disputes, newest first."""
        return self._walk(self._client.v1.disputes, values.dispute, self._since(created_from), after)

    def dispute(self, dispute_id: str) -> RemoteDispute:
        """Read one dispute."""
        found = self._ask(lambda: self._client.v1.disputes.retrieve(dispute_id, None, self._options))
        return values.dispute(_plain(found))

    def payouts(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemotePayout]:
        """Walk the payouts, newest first."""
        return self._walk(self._client.v1.payouts, values.payout, self._since(created_from), after)

    def payout(self, payout_id: str) -> RemotePayout:
        """Read one payout."""
        return values.payout(
            _plain(self._ask(lambda: self._client.v1.payouts.retrieve(payout_id, None, self._options)))
        )

    def payout_items(self, payout_id: str) -> Iterator[RemoteBalanceTransaction]:
        """Walk the movements that a payout holds, its own row included."""
        service = self._client.v1.balance_transactions
        return self._walk(service, values.balance_transaction, {"payout": payout_id})

    def balance_transactions(
        self, *, created_from: datetime | None, after: str = ""
    ) -> Iterator[RemoteBalanceTransaction]:
        """Walk the ledger, newest first."""
        service = self._client.v1.balance_transactions
        return self._walk(service, values.balance_transaction, self._since(created_from), after)

    def events(self, *, created_from: datetime) -> Iterator[RemoteEvent]:
        """Walk the events, newest first; Stripe keeps them for 30 days."""
        return self._walk(self._client.v1.events, values.event, self._since(created_from))
