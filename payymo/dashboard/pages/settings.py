"""Connections, settings and sign-in.

Forms are Django forms; the templates draw each field with its label, hint and errors, and choose the classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.forms import BaseForm

from payymo.dashboard.pages.values import Amount, Chip, Choice, Event, Fact, Moment

Provider = Literal["whmcs", "bank", "stripe"]


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A bank account of a connection. `iban` is masked before it comes here; `gap` says what its files leave out.

    Shape: `choices` are the accounts that it may be, with what speaks for each, while a person is asked (`asks`);
    `joined` says that it is the one `known`. `answer_url` takes the answer, or another one, of whoever may give it.
    `number_url` takes a POST that shows the whole number, where one may ask for it; `number` is it, once asked for.
    """

    name: str
    iban: str
    currency: str
    balance: Amount | None = None
    url: str = ""
    gap: str = ""
    is_paused: bool = False
    pause_url: str = ""
    asks: str = ""
    choices: tuple[Choice, ...] = ()
    joined: str = ""
    known: str = ""
    answer_url: str = ""
    number: str = ""
    number_url: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """One connection and its health.

    Shape: `consent_percent` is how much of the consent is still to run, None where there is none; a URL is empty
    where the viewer may not do that; `last_error` is plain words with what to do.
    """

    kind: Provider
    name: str
    detail: str
    chip: Chip
    last_success: Moment | None = None
    next_run: Moment | None = None
    calls_left: str = ""
    consent_end: str = ""
    consent_percent: int | None = None
    last_error: str = ""
    accounts: tuple[AccountLine, ...] = ()
    facts: tuple[Fact, ...] = ()
    sync_url: str = ""
    renew_url: str = ""
    consent_url: str = ""
    remove_url: str = ""
    test_url: str = ""
    credential_url: str = ""
    module_url: str = ""
    guard_url: str = ""
    page_url: str = ""
    pause_url: str = ""
    is_paused: bool = False

    @property
    def has_numbers(self) -> bool:
        """Whether the whole number of an account can be asked for."""
        return any(account.number_url for account in self.accounts)


@dataclass(frozen=True, slots=True)
class ProviderTile:
    """A way to connect. `count` connections exist already; `url` is empty where the viewer may not connect."""

    kind: Provider
    title: str
    text: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class ConnectionsPage:
    """Template `dashboard/connections/list.html`."""

    tiles: tuple[ProviderTile, ...]
    connections: tuple[ConnectionCard, ...] = ()
    notice: str = ""


@dataclass(frozen=True, slots=True)
class FetchLine:
    """An answer of a bank that was stored, and what became of it. Shape: a day is None where none was asked for."""

    moment: Moment
    account: str
    since: date | None
    until: date | None
    state: Chip


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """Template `dashboard/connections/detail.html`. `events` is empty for who may not read the log."""

    card: ConnectionCard
    facts: tuple[Fact, ...]
    fetches: tuple[FetchLine, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectFormPage:
    """Template `dashboard/connections/form.html`, for WHMCS and Stripe. `steps` say where to find what is asked for.

    Shape: `consents` are the modes in which consent at Stripe is offered instead, each with the words of its button;
    `consent_url` leads there, once an attempt has begun. `endpoint` is the address that a gateway shall tell events.
    `post_url` is where the form goes, if the page is not always at its own address.
    """

    kind: Provider
    title: str
    intro: str
    form: BaseForm
    submit: str
    steps: tuple[str, ...] = ()
    cancel_url: str = ""
    error: str = ""
    consents: tuple[tuple[str, str], ...] = ()
    consent_url: str = ""
    endpoint: str = ""
    post_url: str = ""


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank to choose. `value` is its id, sent as `institution`."""

    value: str
    name: str
    detail: str = ""
    logo: str = ""


@dataclass(frozen=True, slots=True)
class BankPage:
    """Template `dashboard/connections/bank.html`: country (GET `country`, `q`), then institution (POST), then consent.

    Shape: `providers` are the ways to connect, of which `provider` is chosen (GET `provider`). `credentials` is the
    form for the provider's own keys while they are missing; `token` that of a provider without bank pages, where
    `renews` is the id of the connection to renew. `consent_url` is set on the last step and is a plain link to the
    bank's page; until then `institutions` are those of the chosen country.
    """

    countries: tuple[Choice, ...]
    providers: tuple[Choice, ...] = ()
    provider: str = ""
    token: BaseForm | None = None
    renews: str = ""
    institutions: tuple[Institution, ...] = ()
    country: str = ""
    q: str = ""
    chosen: str = ""
    consent_url: str = ""
    consent_days: int = 0
    credentials: BaseForm | None = None
    cancel_url: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the policy would have done in the past days. Shape: counts of payments."""

    days: int
    would: int
    of: int
    wrong: int


@dataclass(frozen=True, slots=True)
class MatchingSettingsPage:
    """Template `dashboard/settings/matching.html`. `forecast` is None while nothing was decided yet.

    `idle`: it is on, and no account was chosen of which anything could be approved.
    """

    form: BaseForm
    on: bool
    forecast: Forecast | None = None
    events: tuple[Event, ...] = ()
    idle: bool = False


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Template `accounts/login.html`."""

    tenant_name: str
    form: BaseForm
    next_url: str = ""
    demo_hint: str = ""
