"""The frozen values that go into the engine and come out of it.

Units: every `_minor` is an integer in minor units of the currency beside it; allocations are in the invoice's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Source(StrEnum):
    """Where a receipt was seen."""

    BANK = "bank"
    STRIPE_CHARGE = "stripe_charge"


class Agreement(StrEnum):
    """Whether a piece of evidence speaks for a candidate, almost for it, or against it."""

    YES = "yes"
    NEARLY = "nearly"
    NO = "no"


class Band(StrEnum):
    """How sure a candidate is, in the words a reviewer sees."""

    EXACT = "exact"
    LIKELY = "likely"
    POSSIBLE = "possible"
    NONE = "none"


class CandidateKind(StrEnum):
    """What the money would do to the debt."""

    SINGLE = "single"
    SEVERAL = "several"
    GROUP = "group"
    PART = "part"
    UNDER = "under"
    OVER = "over"
    FX = "fx"


class ReasonCode(StrEnum):
    """The kind of evidence; the page words it, with `Reason.values` filled in."""

    NUMBER = "number"
    NUMBER_PART = "number_part"
    NUMBER_DAMAGED = "number_damaged"
    NUMBER_SETTLED = "number_settled"
    NUMBER_OTHER = "number_other"
    NUMBER_UNCOVERED = "number_uncovered"
    METADATA = "metadata"
    CLIENT_NUMBER = "client_number"
    DOMAIN = "domain"
    EMAIL = "email"
    PAYER_ACCOUNT = "payer_account"
    PAYER_NAME = "payer_name"
    NAME_IN_TEXT = "name_in_text"
    PAID_BEFORE = "paid_before"
    SAME_TEXT_BEFORE = "same_text_before"
    REJECTED_BEFORE = "rejected_before"
    AMOUNT = "amount"
    AMOUNT_SUM = "amount_sum"
    AMOUNT_PART = "amount_part"
    AMOUNT_REMAINDER = "amount_remainder"
    AMOUNT_OVER = "amount_over"
    AMOUNT_LATE_FEE = "amount_late_fee"
    AMOUNT_BANK_FEE = "amount_bank_fee"
    AMOUNT_NET_OF_TAX = "amount_net_of_tax"
    AMOUNT_DISCOUNT = "amount_discount"
    AMOUNT_UNDER = "amount_under"
    AMOUNT_COMMON = "amount_common"
    EXCHANGE_RATE = "exchange_rate"
    CURRENCY = "currency"
    OLDEST_OPEN = "oldest_open"
    TIMING = "timing"
    GATEWAY = "gateway"
    NOISE_WORDS = "noise_words"
    RIVAL = "rival"
    RULE = "rule"


class NoneReason(StrEnum):
    """Why nothing is proposed, or why nothing may be posted."""

    DEBIT = "debit"
    ZERO_AMOUNT = "zero_amount"
    PENDING = "pending"
    FAILED = "failed"
    PAYOUT = "payout"
    OWN_TRANSFER = "own_transfer"
    REFUND = "refund"
    TAX = "tax"
    PAYROLL = "payroll"
    INTEREST = "interest"
    DUPLICATE_DELIVERY = "duplicate_delivery"
    PAID_TWICE = "paid_twice"
    CURRENCY_MISMATCH = "currency_mismatch"
    UNREADABLE_AMOUNT = "unreadable_amount"
    AMBIGUOUS = "ambiguous"
    NO_CANDIDATE = "no_candidate"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that arrived: a booked bank entry or a succeeded charge.

    Units: `amount_minor` is signed from the account's view, credits positive.
    Shape: `counterparty_account` is opaque (an IBAN or its keyed hash) and only ever compared for equality.
    """

    id: str
    source: Source
    booking_date: date
    amount_minor: int
    currency: str
    counterparty_name: str = ""
    counterparty_account: str = ""
    remittance_information: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    bank_transaction_code: str = ""
    email: str = ""
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    instructed_amount_minor: int | None = None
    instructed_currency: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who is billed.

    Shape: `number` is the client number that customers know; empty when it is the id.
    """

    id: int
    first_name: str = ""
    last_name: str = ""
    company_name: str = ""
    email: str = ""
    country: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """A debt, open or already closed (`outstanding_minor == 0`), so that a stale reference is recognised.

    Shape: `numbers` holds every number of the debt, the one customers see first and its id last; `texts` are the line
    descriptions; `issuer` is the installation whose minted references name its id, 0 for none.
    """

    id: int
    client_id: int
    numbers: tuple[str, ...]
    currency: str
    outstanding_minor: int
    total_minor: int
    issue_date: date
    due_date: date
    texts: tuple[str, ...] = ()
    gateway: str = ""
    closed_on: date | None = None
    net_minor: int | None = None
    issuer: int = 0


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that a gateway says it sent to the bank account; a negative one was taken from there.

    Shape: `processor` is its name as banks write it; `reference` is its own id where `id` is another; `returned` says
    that it failed or was cancelled, and `settled` that its way out was found on the bank account before.
    """

    id: str
    amount_minor: int
    currency: str
    arrival_date: date
    statement_descriptor: str = ""
    trace_id: str = ""
    reference: str = ""
    returned: bool = False
    settled: bool = False
    processor: str = "STRIPE"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of a named text, for highlighting.

    Shape: `field` is a text of the receipt ("remittance_information", "counterparty_name", "structured_reference",
    "end_to_end_id", "description", "email", "metadata.<key>") or one of "receipt.amount", "counterparty_account",
    "invoice.number", "invoice.client", "invoice.amount", "invoice.text"; a field that is meant whole has start == end.
    """

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence and how far it moved the log-odds of its candidate."""

    code: ReasonCode
    agrees: Agreement
    weight: float
    spans: tuple[Span, ...] = ()
    values: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A share of the receipt for one invoice, in the invoice's currency.

    Shape: `fee_minor` is what is missing and counts as paid, because a rule writes it off; only rules set it.
    """

    invoice_id: int
    amount_minor: int
    fee_minor: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One complete explanation of a receipt.

    Units: `probability` is the chance that the whole set of allocations is exactly right.
    Shape: `client_id` is None when the invoices belong to several clients; `allocations` are sorted by invoice.
    """

    allocations: tuple[Allocation, ...]
    client_id: int | None
    kind: CandidateKind
    probability: float
    band: Band
    reasons: tuple[Reason, ...] = ()
    why_not: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleNote:
    """A tenant's rule that had a say in an answer, and where its conditions were met."""

    rule_id: int
    name: str
    action: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The engine's answer for one receipt, after the tenant's rules if there are any.

    Shape: at most five candidates, best first; empty only with a `none_reason`. A `none_reason` beside candidates says
    that the engine thinks the receipt settles nothing, or that a person must choose. `eligible` says that nothing
    speaks against automation but the probability.
    """

    receipt_id: str
    candidates: tuple[Candidate, ...]
    tie: bool
    none_reason: NoneReason | None
    auto: bool
    engine_version: str
    payout_id: str | None = None
    rules: tuple[RuleNote, ...] = ()
    ignored_by: int | None = None
    eligible: bool = False
