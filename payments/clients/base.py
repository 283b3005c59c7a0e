"""What a card processor tells us, in frozen values. Amounts are signed decimals with the currency's own digits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class RemoteAccount:
    """The account behind a key."""

    account_id: str
    name: str
    livemode: bool
    default_currency: str


@dataclass(frozen=True, slots=True)
class RemoteBalanceTransaction:
    """A movement of the balance, in the settlement currency."""

    transaction_id: str
    kind: str
    reporting_category: str
    source_id: str
    amount: Decimal
    fee: Decimal
    net: Decimal
    currency: str
    created_at: datetime
    available_date: date
    exchange_rate: Decimal | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class RemoteCharge:
    """A charge as it stands now. `amount` is what was captured."""

    charge_id: str
    payment_intent_id: str
    created_at: datetime
    amount: Decimal
    currency: str
    amount_refunded: Decimal
    status: str
    paid: bool
    captured: bool
    disputed: bool
    customer_id: str
    email: str
    name: str
    description: str
    metadata: Mapping[str, str]
    balance_transaction_id: str
    balance_transaction: RemoteBalanceTransaction | None
    raw: str = field(repr=False)

    @property
    def is_received(self) -> bool:
        """Whether money really came: succeeded, paid and captured."""
        return self.status == "succeeded" and self.paid and self.captured and self.amount > 0


@dataclass(frozen=True, slots=True)
class RemoteRefund:
    """Money given back."""

    refund_id: str
    charge_id: str
    balance_transaction_id: str
    amount: Decimal
    currency: str
    status: str
    reason: str
    created_at: datetime
    failure_reason: str = ""
    failure_balance_transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class RemoteIntent:
    """A customer's attempt to pay, as it stands now."""

    intent_id: str
    charge_id: str
    amount: Decimal
    amount_received: Decimal
    amount_capturable: Decimal
    currency: str
    status: str
    customer_id: str
    description: str
    metadata: Mapping[str, str]
    error_code: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RemoteDispute:
    """A disputed charge. `movements` are the withdrawal and, when it was won, the reinstatement."""

    dispute_id: str
    charge_id: str
    amount: Decimal
    currency: str
    status: str
    reason: str
    created_at: datetime
    evidence_due_at: datetime | None = None
    movements: tuple[RemoteBalanceTransaction, ...] = ()


@dataclass(frozen=True, slots=True)
class RemotePayout:
    """Money sent to the bank."""

    payout_id: str
    amount: Decimal
    currency: str
    arrival_date: date
    status: str
    automatic: bool
    reconciliation_status: str
    statement_descriptor: str
    trace_id: str
    failure_message: str
    created_at: datetime
    method: str = ""
    destination_id: str = ""
    balance_transaction_id: str = ""
    failure_balance_transaction_id: str = ""
    original_payout_id: str = ""
    reversed_by_id: str = ""


@dataclass(frozen=True, slots=True)
class RemoteEvent:
    """A verified or listed event. `object_id` names what changed; its current state is read from the provider."""

    event_id: str
    kind: str
    object_id: str
    livemode: bool
    account_id: str
    created_at: datetime
    raw: str = field(repr=False)


class PaymentProvider(Protocol):
    """Reads one account. Every method raises Refused or Retryable.

    Shape: a walk with `after` goes on behind the object with that id; a gateway that knows no such thing begins anew.
    """

    def account(self) -> RemoteAccount:
        """Return the account behind the key."""

    def missing_permissions(self) -> tuple[str, ...]:
        """Return the read permissions that the key lacks, in Stripe's words."""

    def superfluous_permissions(self) -> tuple[str, ...]:
        """Return the permissions that the key has and Payymo does not need: to write, or to read other things."""

    def charges(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteCharge]:
        """Walk the charges, newest first."""

    def charge(self, charge_id: str) -> RemoteCharge:
        """Read one charge."""

    def intents(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteIntent]:
        """Walk the payment intents, newest first."""

    def intent(self, intent_id: str) -> RemoteIntent:
        """Read one payment intent."""

    def refunds(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteRefund]:
        """Walk the refunds, newest first."""

    def refund(self, refund_id: str) -> RemoteRefund:
        """Read one refund."""

    def disputes(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemoteDispute]:
        """Walk the disputes, newest first."""

    def dispute(self, dispute_id: str) -> RemoteDispute:
        """Read one dispute."""

    def payouts(self, *, created_from: datetime | None, after: str = "") -> Iterator[RemotePayout]:
        """Walk the payouts, newest first."""

    def payout(self, payout_id: str) -> RemotePayout:
        """Read one payout."""

    def payout_items(self, payout_id: str) -> Iterator[RemoteBalanceTransaction]:
        """Walk the movements that a payout holds, its own row included."""

    def balance_transactions(
        self, *, created_from: datetime | None, after: str = ""
    ) -> Iterator[RemoteBalanceTransaction]:
        """Walk the ledger, newest first."""

    def events(self, *, created_from: datetime) -> Iterator[RemoteEvent]:
        """Walk the events, newest first."""


Plain = Mapping[str, Any]
