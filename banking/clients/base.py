"""What a bank data provider offers, whoever it is: one `Protocol`, frozen values, and a reason for every refusal.

A client raises `Refused`, `Retryable` or `Unknown` (from payymo.shared.errors) with a `Reason`, and nothing else. Reads
change nothing, so `Unknown` comes only from starting a link and from revoking one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    CONSENT_NOT_GIVEN = "consent_not_given"
    CONSENT_ENDED = "consent_ended"
    HISTORY_TOO_LONG = "history_too_long"
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
    PROVIDER_SAYS = "provider_says"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider has and lacks. Signs, scales and odd ids are not among it: the adapter removes them.

    Shape: `needs_keys`: the tenant enters keys of its own once. `needs_redirect`: the person agrees on a page of the
    bank; without it a token is pasted. `daily_reads` of each scope, for an account or, when `shares_reads`, for all
    accounts of a connection together.
    """

    needs_keys: bool
    needs_redirect: bool
    daily_reads: int
    shares_reads: bool = False
    sends_balances_with_entries: bool = False


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
    logo: str = ""
    customer_kind: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent by the provider's id, and the secret that opens it where there is one.

    Shape: without an id, `secret` is what the person brought back and still has to be exchanged.
    """

    id: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account under the consent by which it is read."""

    consent: Consent
    id: str


@dataclass(frozen=True, slots=True)
class LinkStart:
    """A consent that waits for its user at `url`.

    Shape: `consent_id` is empty while the provider gives the id only in exchange for what the person brings back;
    `attempt_id` is what the provider calls the attempt or the agreement.
    """

    consent_id: str
    attempt_id: str
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
class ProviderAccount:
    """An account as it is called today; `number` is the IBAN, or what the bank has instead."""

    id: str
    number: str
    currency: str
    name: str = ""
    owner_name: str = ""
    is_iban: bool = True


@dataclass(frozen=True, slots=True)
class LinkState:
    """A consent as the provider sees it; only a linked one has accounts. `ends_at` is None until the user agreed.

    Shape: `accounts` are those of `account_ids` when the answer described them already, otherwise empty.
    """

    status: LinkStatus
    institution_id: str
    account_ids: tuple[str, ...] = ()
    ends_at: datetime | None = None
    accounts: tuple[ProviderAccount, ...] = ()
    institution_name: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """What the provider says is left of a limit; `resets_in` in seconds."""

    limit: int
    remaining: int
    resets_in: float


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Value]):
    """A value, the answer it came in, and what is left of the account's limit when the provider tells.

    Shape: `since` is the first day that the answer covers when the bank gave less than was asked for.
    """

    value: Value
    raw: bytes
    quota: Quota | None = None
    since: date | None = None


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
    """Reads accounts that their owner has agreed to. Every method raises `Refused` or `Retryable`.

    Shape: a provider without a page of the bank (`needs_redirect`) has no institutions and starts no link: its consent
    begins with a token that is exchanged.
    """

    key: str
    capabilities: Capabilities

    def list_institutions(self, *, country: str) -> Sequence[Institution]:
        """Return the banks of a country."""

    def institution(self, *, institution_id: str) -> Institution:
        """Return one bank. Raises: Refused(UNKNOWN_INSTITUTION)."""

    def start_link(
        self, *, institution: Institution, reference: str, redirect_url: str, history_days: int, language: str
    ) -> LinkStart:
        """Prepare a consent. Raises: Unknown when it may have been prepared."""

    def exchange(self, *, consent: Consent) -> Consent:
        """Turn what the person brought back into the lasting consent; good once.

        Raises: Refused(CONSENT_NOT_GIVEN); Unknown when it may have been used up.
        """

    def link_state(self, *, consent: Consent) -> LinkState:
        """Return how far the consent has come."""

    def explain(self, *, error_code: str) -> str:
        """Put a code of the way back into words; empty when it is none of the provider's."""

    def account(self, *, account: AccountRef) -> Fetched[ProviderAccount]:
        """Return the account with its currency. Counts as a call for details."""

    def fetch_balances(self, *, account: AccountRef) -> Fetched[None]:
        """Fetch the balances; the raw answer is for the parser."""

    def fetch_transactions(self, *, account: AccountRef, since: date) -> Fetched[None]:
        """Fetch the entries from a day on; the raw answer is for the parser."""

    def revoke(self, *, consent: Consent) -> None:
        """Remove the consent; one that is gone already is fine."""
