"""Makes a large tenant in the database: clients, invoices of three years, and open payments that mean some of them.

The names follow Zipf's law, prices are shared by thousands, numbers are dense: what makes look-ups hard.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from banking.models import BankAccount, BankTransaction
from matching.models import PayerProfile
from payymo.shared.copying import copy_rows
from tenants import context
from tenants.models import Tenant
from tenants.services.provisioning import create_tenant
from whmcs.models import Client, WhmcsInstance

SLUG = "bigtenant"
NOW = datetime.now(UTC)
TODAY = NOW.date()
INVOICES_PER_CLIENT = 5
_FIRST, _STARTS, _MIDDLES, _ENDS, _TRADES, _FORMS = (
    line.split()
    for line in """\
Anna Jürgen Siobhán Łukasz Marek Lucie Thomas Zoë Peter Maria Jan Eva John Sarah David Emma Paul Laura Mark Lisa
Al Ber Car Dor El Fen Gar Hol Ing Jan Kal Lor Mar Nor Ol Pas Quin Ros Sol Tan Ul Ver Wal Yor Zim
a be co di el fo gu ha in ke lo mi na or pe ri sa to un vi
mann ska ley ton berg er sen dez ini ova wright son feld hof ner
Hosting Media Bau Consulting Design Services Logistics Trading Systems Garten Elektro Web Digital
GmbH Ltd SARL AG BV KG LLC UG""".splitlines()
)
_PRICES = tuple(
    Decimal(cents) / 100 for cents in (499, 583, 999, 1190, 1428, 1999, 2380, 3570, 4900, 7140, 11900, 23800)
)


def make(invoices: int) -> Tenant:
    """Create the tenant with its clients and invoices, nothing looked up yet; an existing one is taken as it is."""
    found = Tenant.objects.filter(slug=SLUG).first()
    if found is not None:
        return found
    tenant = create_tenant(slug=SLUG, name="Big tenant", domain=f"{SLUG}.localhost")
    with context.inside(tenant):
        chance = random.Random(7)
        instance = WhmcsInstance.objects.create(
            name="Billing",
            base_url="https://billing.example",
            identifier_sealed=b"-",
            secret_sealed=b"-",
            suspends_after_days=5,
        )
        copy_rows(Client, _clients(chance, instance, invoices // INVOICES_PER_CLIENT))
        _bill(instance, invoices)
        _pay_before(chance)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return tenant


def _clients(chance: random.Random, instance: WhmcsInstance, count: int) -> Iterator[Client]:
    surnames = [first + middle + last for first in _STARTS for middle in _MIDDLES for last in _ENDS]
    chance.shuffle(surnames)
    for number in range(1, count + 1):
        surname = surnames[min(len(surnames) - 1, int(chance.paretovariate(0.35)) - 1)]
        first = _FIRST[min(len(_FIRST) - 1, int(chance.paretovariate(0.8)) - 1)]
        company = ""
        if chance.random() < 0.4:
            named = chance.choice(surnames)
            company = f"{named} {chance.choice(_TRADES)} {chance.choice(_FORMS)}"
        yield Client(
            instance=instance, whmcs_id=number, first_name=first, last_name=surname, company_name=company,
            email=f"{surname.lower()}{number}@mail{number % 5000}.example", country="DE", synced_at=NOW,
        )  # fmt: skip


def _bill(instance: WhmcsInstance, count: int) -> None:
    """Dense numbers by year, three years of invoices; about one in twelve is open."""
    prices = [str(price) for price in _PRICES]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO whmcs_invoice (public_id, instance_id, client_id, whmcs_id, number, currency, issue_date,
                   due_date, total, credit, balance, reserved, status, payment_method, is_mass_payment,
                   remote_updated_at, synced_at, needs_reading, other_numbers, is_credit_account,
                   paid_at)
               SELECT gen_random_uuid(), %(instance)s, c.id, 1000000 + n,
                   'INV-' || extract(year FROM day) || '-' || lpad(n::text, 7, '0'), 'EUR', day, day + 14,
                   price, 0, CASE WHEN is_open THEN price ELSE 0 END, 0,
                   CASE WHEN is_open THEN 'Unpaid' ELSE 'Paid' END, 'banktransfer', false, '', %(now)s, false, '{}',
                   false, CASE WHEN is_open THEN NULL ELSE day + interval '9 days' END
               FROM (
                   SELECT n, (%(today)s::date - ((%(count)s - n) * 1095 / %(count)s)::integer) AS day,
                       1 + ((n::bigint * 7919) %% %(clients)s) AS client,
                       (%(prices)s::numeric[])[1 + ((n::bigint * 31) %% %(kinds)s)] AS price,
                       (n::bigint * 104729) %% 1000 < CASE WHEN %(count)s - n < %(count)s / 36 THEN 800 ELSE 60 END
                           AS is_open
                   FROM generate_series(1, %(count)s) AS n
               ) AS made JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM whmcs_client) AS c
                   ON c.place = made.client""",
            {
                "instance": instance.pk, "now": NOW, "today": TODAY, "count": count, "prices": prices,
                "kinds": len(prices), "clients": max(1, count // INVOICES_PER_CLIENT),
            },
        )  # fmt: skip
        cursor.execute(
            """INSERT INTO whmcs_invoiceline (invoice_id, whmcs_id, kind, related_id, description, amount)
               SELECT i.id, 1, 'Hosting', 0,
                   'Web hosting - ' || lower(c.last_name) || c.id || '.example (1 year)', i.total
               FROM whmcs_invoice i JOIN whmcs_client c ON c.id = i.client_id"""
        )


def _pay_before(chance: random.Random) -> None:
    """Half of the clients have paid before, from an account of their own."""
    ids = list(Client.objects.order_by("pk").values_list("pk", flat=True)[::2])
    copy_rows(
        PayerProfile,
        (
            PayerProfile(
                kind=PayerProfile.Kind.ACCOUNT, key=f"account-{client_id}", client_id=client_id,
                hits=chance.randrange(1, 9), weight=2.0, last_seen_date=TODAY - timedelta(days=40),
            )
            for client_id in ids
        ),
    )  # fmt: skip


def add_payments(count: int, *, first: int = 0) -> None:
    """Store payments: most mean an open invoice, some an old one; with its number, a damaged one, a name, or little."""
    copy_rows(BankTransaction, payments(count, first=first))


def payments(count: int, *, first: int = 0) -> Iterator[BankTransaction]:
    """Make the payments without storing them."""
    chance = random.Random(first + 1)
    account = BankAccount.objects.order_by("pk").first() or BankAccount.objects.create(
        stable_key="main", currency="EUR"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.number, i.total, c.id, c.first_name, c.last_name, c.company_name
               FROM whmcs_invoice i JOIN whmcs_client c ON c.id = i.client_id
               WHERE i.balance > 0 OR i.id %% 12 = 0 ORDER BY (i.id * 2654435761) %% 1000003
               OFFSET mod(%s, (SELECT count(*) FROM whmcs_invoice WHERE balance > 0 OR id %% 12 = 0)) LIMIT %s""",
            [first, count],
        )
        found = cursor.fetchall()
    for number in range(count):
        yield _payment(chance, account, first + number, found[number % len(found)])


def _payment(
    chance: random.Random, account: BankAccount, serial: int, debt: tuple[str, Decimal, int, str, str, str]
) -> BankTransaction:
    number, total, client_id, first, last, company = debt
    name = company or f"{first} {last}"
    kind = chance.random()
    if kind < 0.5:
        text = f"Invoice {number} thank you"
    elif kind < 0.65:
        place = chance.randrange(9, len(number))
        text = f"Rechnung {number[:place]}{chance.choice('0123456789')}{number[place + 1 :]}"
    elif kind < 0.75:
        text = f"hosting for the website {last.lower()}{client_id}"[:30]
    else:
        text = chance.choice(("hosting", "web services november", "", f"customer {client_id}"))
    return BankTransaction(
        account=account, identity=f"payment-{serial}", fingerprint=f"payment-{serial}",
        booking_date=TODAY - timedelta(days=1), amount=total if chance.random() < 0.92 else total + 1, currency="EUR",
        counterparty_name=name.upper()[:27] if chance.random() < 0.4 else name,
        counterparty_hash=f"account-{client_id}" if chance.random() < 0.6 else f"new-{serial}",
        remittance_information=text,
    )  # fmt: skip
