"""The invented world: two hosts with credentials, and a month of data made from a seed.

`build` is pure: the same slug, seed and last day give the same world. Names are invented, domains end in `.example`,
IBANs pass the mod 97 check and belong to nobody.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from payymo.sandbox.generator import billing, iban, payments, people, wire
from payymo.sandbox.generator.cards import CardBook
from payymo.sandbox.generator.cards import plan as plan_cards
from payymo.sandbox.generator.ledger import Ledger
from payymo.sandbox.generator.model import World
from payymo.sandbox.generator.noise import Noise
from payymo.sandbox.generator.profile import Profile
from payymo.sandbox.gocardless_api.institutions import SANDBOX


@dataclass(frozen=True, slots=True)
class Company:
    """The host itself: its names and its own accounts."""

    slug: str
    name: str
    country: str
    currency: str
    main_iban: str
    reserve_iban: str
    savings_iban: str
    timezone_hours: int

    @property
    def ibans(self) -> tuple[str, str]:
        """Return the host's own accounts."""
        return (self.main_iban, self.reserve_iban)


@dataclass(frozen=True, slots=True)
class GoCardlessKeys:
    """The user secret of a GoCardless company, and the banks where the host has accounts."""

    secret_id: str
    secret_key: str
    institution_ids: tuple[str, ...]
    daily_limit: int


@dataclass(frozen=True, slots=True)
class GoCardlessPaymentsKeys:
    """A company that collects Direct Debits: a token that may only read, one that may write, and its webhook secret."""

    creditor_id: str
    organisation_id: str
    access_token: str
    full_token: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class StripeKeys:
    """A Stripe account: its id, the read-only key its owner made and the secret of his webhook endpoint."""

    account_id: str
    restricted_key: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """The Stripe Connect platform."""

    account_id: str
    secret_key: str
    client_id: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class WhmcsKeys:
    """An API credential of a WHMCS site and the date format of that site."""

    identifier: str
    secret: str
    date_format: str
    version: str
    currencies: tuple[str, ...]
    rates: tuple[str, ...]


COMPANIES: Mapping[str, Company] = {
    "acme": Company(
        "acme", "Acme Hosting GmbH", "DE", "EUR",
        iban.make("DE", "860555921008472301"), iban.make("DE", "860555921008472399"),
        iban.make("DE", "390400440532013077"), 1,
    ),
    "globex": Company(
        "globex", "Globex Web Services Ltd", "GB", "GBP",
        iban.make("GB", "ALBI20415571290034"), iban.make("GB", "ALBI20415571290067"),
        iban.make("GB", "SFIN60161331926819"), 0,
    ),
}  # fmt: skip
GOCARDLESS: Mapping[str, GoCardlessKeys] = {
    "acme": GoCardlessKeys(
        "3c1f0b52-7f0a-4c39-9c3e-6d1a5f20ac11", "acme" + "7d41c09be2" * 12, ("NORDHAVEN_BANK_NHBKDEFFXXX", SANDBOX), 10
    ),
    "globex": GoCardlessKeys(
        "9a77e6d0-24b8-4f1c-8a55-0be1d3c7f202", "glbx" + "e83b5f10a6" * 12, ("ALBION_BANK_ALBIGB2LXXX", SANDBOX), 4
    ),
}
GOCARDLESS_PAYMENTS: Mapping[str, GoCardlessPaymentsKeys] = {
    "acme": GoCardlessPaymentsKeys(
        "CR0000ACME0001", "OR0000ACME0001", "sandbox_AcmeReadOnlyToken0000000000000001",
        "sandbox_AcmeFullAccessToken00000000000001", "gc-webhook-secret-of-acme-000000000001",
    ),
    "globex": GoCardlessPaymentsKeys(
        "CR0000GLOBEX01", "OR0000GLOBEX01", "sandbox_GlobexReadOnlyToken00000000000002",
        "sandbox_GlobexFullAccessToken000000000002", "gc-webhook-secret-of-globex-0000000002",
    ),
}  # fmt: skip
STRIPE: Mapping[str, StripeKeys] = {
    "acme": StripeKeys(
        "acct_1AcmeHosting00DE", "rk_test_51AcmeReadOnlyKey000000000001", "whsec_acme0000000000000000000000001"
    ),
    "globex": StripeKeys(
        "acct_1GlobexWeb0000GB", "rk_test_51GlobexReadOnlyKey0000000002", "whsec_globex00000000000000000000002"
    ),
}
STRIPE_PLATFORM = PlatformKeys(
    "acct_1PayymoPlatform0", "sk_test_51PayymoPlatformKey00000000000", "ca_PayymoPlatformClient000000000",
    "whsec_platform000000000000000000003",
)  # fmt: skip
WHMCS: Mapping[str, WhmcsKeys] = {
    "acme": WhmcsKeys(
        "acMeIdentifier0123456789abcdefAB",
        "acMeSecret0123456789abcdefghijAB",
        "DD.MM.YYYY",
        "8.13.1",
        ("EUR", "USD"),
        ("1.00000", "1.08000"),
    ),
    "globex": WhmcsKeys(
        "gLobexIdentifier0123456789abcdAB",
        "gLobexSecret0123456789abcdefghAB",
        "DD/MM/YYYY",
        "9.0.4",
        ("GBP", "USD"),
        ("1.00000", "1.27000"),
    ),
}


def _acme(until: date) -> Profile:
    return Profile(
        slug="acme", name="Acme Hosting GmbH", country="DE", currency="EUR", foreign_currency="USD",
        foreign_rate="0.92100",
        until=until, tax_rate=19, tax_name="USt.",
        countries={"DE": 60, "NL": 14, "AT": 7, "BE": 4, "CH": 4, "FR": 4, "PL": 3, "CZ": 2, "DK": 2, "IT": 2, "US": 4},
        business_share=0.55, card_share=0.34, client_count=300, reseller_count=6, first_client_id=1204,
        first_invoice_id=21340, number_format="RE-{year}-{seq:05d}", paid_number_format="",
        prices=(390, 490, 790, 990, 1490, 1990, 2900, 4900, 8900, 11900),
        shapes={
            "clear": 302, "half_number": 30, "several": 22, "no_reference": 18, "standing_order": 14, "stale_number": 8,
            "reseller": 8, "relative": 12, "part_payment": 8, "over_payment": 8, "fee_short": 6, "paid_twice": 5,
            "typo": 12, "fx": 8, "creditor_reference": 6, "domain_only": 8, "client_number": 6, "twins": 3,
            "mass_payment": 2,
        },
        open_invoices=72,
        other_invoices={"Cancelled": 12, "Draft": 7, "Refunded": 3, "Credit": 4, "AddFunds": 2, "Payment Pending": 2,
                        "Collections": 2},
        charges=250, failed_charges=12, refunds=9, payout_weekdays=(0, 1, 2, 3, 4), statement_descriptor="ACME HOSTING",
        stripe_sender=iban.make("LT", "9515054508013897"), card_fee=(15, 25),
        noise={"salary": 8, "rent": 1, "tax": 2, "tax_refund": 1, "supplier": 22, "supplier_refund": 3, "card": 24,
               "fee": 3,
               "interest": 1, "own_transfer": 4, "refund_out": 4, "unknown_payer": 6, "wallet_payout": 4,
               "returned_debit": 1, "pending": 6, "redelivered": 2},
    )  # fmt: skip


def _globex(until: date) -> Profile:
    return Profile(
        slug="globex", name="Globex Web Services Ltd", country="GB", currency="GBP", foreign_currency="USD",
        foreign_rate="0.78600", until=until, tax_rate=20, tax_name="VAT", countries={"GB": 84, "IE": 8, "US": 8},
        business_share=0.42, card_share=0.38, client_count=90, reseller_count=2, first_client_id=318,
        first_invoice_id=50720, number_format="", paid_number_format="GBX/{year}/{seq:04d}",
        prices=(399, 599, 999, 1299, 1999, 3499, 5999),
        shapes={
            "clear": 84, "half_number": 8, "several": 6, "no_reference": 6, "standing_order": 5, "stale_number": 2,
            "reseller": 2, "relative": 3, "part_payment": 2, "over_payment": 2, "fee_short": 1, "paid_twice": 1,
            "typo": 3, "fx": 2, "domain_only": 2, "client_number": 2, "twins": 1,
        },
        open_invoices=24,
        other_invoices={"Cancelled": 4, "Draft": 2, "Refunded": 1, "Credit": 2, "AddFunds": 1, "Collections": 1,
                        "Note": 2},
        charges=70, failed_charges=4, refunds=3, payout_weekdays=(0, 3), statement_descriptor="GLOBEX WEB",
        stripe_sender=iban.make("GB", "CITI18500812345678"), card_fee=(15, 20),
        noise={"salary": 4, "rent": 1, "tax": 1, "tax_refund": 0, "supplier": 9, "supplier_refund": 1, "card": 12,
               "fee": 1,
               "interest": 1, "own_transfer": 2, "refund_out": 2, "unknown_payer": 2, "wallet_payout": 1,
               "returned_debit": 1, "pending": 2, "redelivered": 1},
    )  # fmt: skip


PROFILES: Mapping[str, Callable[[date], Profile]] = {"acme": _acme, "globex": _globex}
OPENING = {"acme": (12_218_377, 9_000_000), "globex": (4_106_254, 2_500_000)}


def build(slug: str, seed: int, until: date) -> World:
    """Make the month of one host that ends on `until`.

    Raises: KeyError for a host that does not exist.
    """
    profile, company = PROFILES[slug](until), COMPANIES[slug]
    rng = random.Random(f"{seed}:{slug}")
    clients = people.clients(rng, profile)
    plans = billing.transfers(rng, profile, clients)
    cards = plan_cards(rng, profile, clients)
    odd = billing.unpaid_and_odd(rng, profile, clients)
    owed = [one for plan in plans for one in plan.invoices] + odd
    owed += [one.invoice for one in cards if not one.duplicate]
    billing.tell_apart(rng, plans, [one for one in owed if one.status == "Unpaid"])
    settled = [plan.history for plan in plans if plan.history]
    invoices = billing.number(profile, owed + settled)
    transfers = payments.realise(rng, profile, plans)
    book = CardBook(rng, profile)
    for one in cards:
        book.charge(one)
    book.dispute()
    ledger = Ledger(rng, profile, invoices)
    ledger.book_history(plans, odd)
    ledger.book_transfers(transfers)
    ledger.book_cards(book)
    billing.number_paid(profile, invoices)
    transfers += book.payouts() + Noise(rng, profile, clients, company.ibans).all()
    transfers += payments.redelivered(rng, profile, transfers)
    transfers.sort(key=lambda one: (one.booked_on, one.key))
    return World(
        slug=slug, until=until, clients=clients, invoices=invoices, transfers=transfers,
        entries=wire.entries(rng, transfers), ledger=ledger.rows, credits=ledger.credits, stripe=book.objects,
        payout_items=book.payout_items, charges=book.settles,
        opening=dict(zip(("main", "reserve"), OPENING[slug], strict=True)),
    )  # fmt: skip
