"""What a bank data provider offers, whoever it is: one `Protocol`, frozen values, and a reason for every refusal.

A client raises `Refused`, `Retryable` or `Unknown` (from payymo.shared.errors) with a `Reason`, and nothing else. Reads
change nothing, so `Unknown` comes only from starting a link and from revoking one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

Value = TypeVar("Value", covariant=True)


class Reason(StrEnum):
    """Why a provider did not do what was asked."""

    CREDENTIALS_INVALID = "credentials_invalid"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    PLAN_USED_UP = "plan_used_up"
    UNKNOWN_INSTITUTION = "unknown_institution"
    NOT_FOUND = "not_found"
    INVALID_REQUEST = "invalid_request"
    CONSENT_ENDED = "consent_ended"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_FORBIDDEN = "account_forbidden"
    SCOPE_MISSING = "scope_missing"
    SUSPENDED = "suspended"
    RATE_LIMITED = "rate_limited"
    NOT_READY = "not_ready"
    BANK_ERROR = "bank_error"
    BANK_DOWN = "bank_down"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"


class Scope(StrEnum):
    """What is counted against the bank's daily limit, each by itself."""

    DETAILS = "details"
    BALANCES = "balances"
    TRANSACTIONS = "transactions"


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank that the provider can reach. Days are the most that the bank gives."""

    id: str
    name: str
    bic: str
    countries: tuple[str, ...]
    history_days: int
    access_days: int
    freezes_long_history: bool = False


@dataclass(frozen=True, slots=True)
class LinkStart:
    """A consent that waits for its user at `url`."""

    requisition_id: str
    agreement_id: str
    url: str
    history_days: int
    access_days: int


class LinkStatus(StrEnum):
    """How far a consent has come."""

    OPEN = "open"
    LINKED = "linked"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class LinkState:
    """A consent as the provider sees it; only a linked one has accounts. `ends_at` is None until the user agreed."""

    status: LinkStatus
    institution_id: str
    reference: str
    account_ids: tuple[str, ...] = ()
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """An account as it is called today; `number` is the IBAN, or what the bank has instead."""

    id: str
    number: str
    currency: str
    name: str = ""
    owner_name: str = ""
    is_iban: bool = True


@dataclass(frozen=True, slots=True)
class Quota:
    """What the provider says is left of a limit; `resets_in` in seconds."""

    limit: int
    remaining: int
    resets_in: float


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Value]):
    """A value, the answer it came in, and what is left of the account's limit when the provider tells."""

    value: Value
    raw: bytes
    quota: Quota | None = None


class TokenSource(Protocol):
    """Where the client gets its access token; one token serves every worker."""

    def current(self) -> str:
        """Return a token that should still be good."""

    def renew(self, rejected: str) -> str:
        """Return a token other than `rejected`, made once however many ask."""


@dataclass(frozen=True, slots=True)
class Token:
    """A short token; `seconds` is how long it lasts."""

    text: str
    seconds: int


class BankProvider(Protocol):
    """Reads accounts that their owner has agreed to. Every method raises `Refused` or `Retryable`."""

    key: str

    def list_institutions(self, *, country: str) -> Sequence[Institution]:
        """Return the banks of a country."""

    def institution(self, *, institution_id: str) -> Institution:
        """Return one bank. Raises: Refused(UNKNOWN_INSTITUTION)."""

    def start_link(
        self, *, institution: Institution, reference: str, redirect_url: str, history_days: int, language: str
    ) -> LinkStart:
        """Prepare a consent. Raises: Unknown when it may have been prepared."""

    def link_state(self, *, requisition_id: str) -> LinkState:
        """Return how far the consent has come."""

    def account(self, *, account_id: str) -> Fetched[ProviderAccount]:
        """Return the account with its currency. Counts as a call for details."""

    def fetch_balances(self, *, account_id: str) -> Fetched[None]:
        """Fetch the balances; the raw answer is for the parser."""

    def fetch_transactions(self, *, account_id: str, since: date) -> Fetched[None]:
        """Fetch the entries from a day on; the raw answer is for the parser."""

    def revoke(self, *, requisition_id: str) -> None:
        """Remove the consent; one that is gone already is fine."""
