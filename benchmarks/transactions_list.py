"""How long the list of transactions takes where a million are stored, on the page and over the API.

Run inside servers that may be thrown away: `python -m payymo.local throwaway -- benchmarks/transactions_list.py`. Makes
a tenant with rows of three years on three accounts, signs its owner in and asks for each list in this process:
middleware, queries, template or JSON. Each request asks for something else, so that no answer is remembered.
`--plans MS` prints the plan of every query that takes longer.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")

AIM = 300
_PIECE = 100_000
_DAYS = 1095
_PASSWORD = "a long benchmark one"
_ROWS = """
    INSERT INTO banking_banktransaction (public_id, created_at, account_id, identity, fingerprint, provider,
        booking_date, amount, currency, counterparty_name, counterparty_iban_sealed, counterparty_hash,
        counterparty_last4, remittance_information, structured_reference, end_to_end_id, bank_reference, bank_entry_id,
        bank_transaction_code, return_sign, original_currency, raw_sealed, state, allocated, ignored_reason,
        proposed_at, statement_import_id)
    SELECT gen_random_uuid(), now(), account, 'row-' || n, md5(n::text), '', day, amount, 'EUR', name,
        decode(repeat('ab', 60), 'hex'), md5(name), '3000', text, '', 'E2E-' || n, 'REF' || n, '', 'PMNT-RCDT-ESCT',
        '', '', decode(repeat('cd', 300), 'hex'), state, CASE WHEN state = 'RECONCILED' THEN amount ELSE 0 END,
        CASE WHEN state = 'IGNORED' THEN 'debit' ELSE '' END, now(), upload
    FROM (
        SELECT n, (%(accounts)s::bigint[])[1 + n %% 3] AS account,
            (%(today)s::date - ((%(count)s - n) * %(days)s / %(count)s)::integer) AS day,
            CASE WHEN n %% 5 = 0 THEN -1 ELSE 1 END * (499 + (n * 7919) %% 90000) / 100.0 AS amount,
            (%(firsts)s::text[])[1 + (n * 31) %% %(first_count)s] || ' '
                || (%(lasts)s::text[])[1 + (n * 104729) %% %(last_count)s] AS name,
            CASE n %% 4 WHEN 0 THEN 'Invoice INV-2026-' || lpad(n::text, 7, '0') || ' thank you'
                WHEN 1 THEN 'Rechnung ' || n || ' hosting ' || md5(n::text)
                WHEN 2 THEN 'customer ' || n %% 60000 ELSE 'web services november' END AS text,
            CASE WHEN n %% 5 = 0 THEN 'IGNORED' WHEN n > %(count)s * 0.98 THEN 'UNRECONCILED' ELSE 'RECONCILED' END
                AS state,
            CASE WHEN n %% 1000 < 20 THEN %(upload)s::bigint END AS upload
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
    ) AS made
"""


def prepare(count: int) -> tuple[Any, Any, str]:
    """Make the tenant; return it, a browser with its owner signed in, and the id of a file with two in a hundred."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from accounts.models import User
    from accounts.permissions import sync_builtin_roles
    from accounts.services import browser_sessions, onboarding
    from banking.models import BankAccount, StatementImport
    from benchmarks import big_tenant
    from tenants import context
    from tenants.services.provisioning import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0)
    sync_builtin_roles()
    slug = "million"
    tenant = create_tenant(slug=slug, name="Million", domain=f"{slug}.localhost")
    onboarding.add_member(tenant=tenant, email="owner@million.example", role="owner", name="Olga", password=_PASSWORD)
    with context.inside(tenant), connection.cursor() as cursor:
        accounts = [
            BankAccount.objects.create(stable_key=f"key-{n}", name=f"Account {n}", currency="EUR", iban_last4="3000")
            for n in range(3)
        ]
        upload = StatementImport.objects.create(
            account=accounts[0], file_name="a.xml", file_sha256="", file_sealed=b"", format="camt", state="COMMITTED"
        )
        told = {
            "accounts": [account.pk for account in accounts], "count": count, "days": _DAYS, "upload": upload.pk,
            "today": big_tenant.TODAY, "firsts": big_tenant._FIRST, "first_count": len(big_tenant._FIRST),
            "lasts": [a + b + c for a in big_tenant._STARTS for b in big_tenant._MIDDLES for c in big_tenant._ENDS],
        }  # fmt: skip
        told["last_count"] = len(told["lasts"])
        # Built at once an index takes a third of the time, and is the same.
        cursor.execute("SELECT pg_get_indexdef('tx_texts'::regclass)")
        [[index]] = cursor.fetchall()
        cursor.execute("DROP INDEX tx_texts; SET maintenance_work_mem = '400MB'")
        for first in range(1, count + 1, _PIECE):
            cursor.execute(_ROWS, {**told, "first": first, "last": min(count, first + _PIECE - 1)})
        cursor.execute(index)
        cursor.execute("VACUUM (ANALYZE) banking_banktransaction")
    browser = Client(HTTP_HOST=f"{slug}.localhost")
    user = User.objects.get(email="owner@million.example")
    browser.force_login(user)
    session = browser.session
    browser_sessions.begin(session, user=user, tenant=tenant, staff=False, now=timezone.now())
    session.save()
    return tenant, browser, str(upload.public_id)


def lists(browser: Any, tenant: Any, upload: str, count: int) -> dict[str, Callable[[int], Any]]:
    """What is asked for, each time for something else."""
    from banking.models import BankAccount, BankTransaction
    from benchmarks import big_tenant
    from tenants import context

    chance = random.Random(11)
    lasts = [a + b + c for a in big_tenant._STARTS for b in big_tenant._MIDDLES for c in big_tenant._ENDS]
    with context.inside(tenant):
        account = BankAccount.objects.order_by("pk").values_list("public_id", flat=True)[0]
        newest = BankTransaction.objects.order_by("-pk").values_list("pk", flat=True)[0]
    token = browser.post(
        "/api/v1/auth/token/", {"email": "owner@million.example", "password": _PASSWORD},
        content_type="application/json",
    ).json()["access"]  # fmt: skip

    def page(**asked: Callable[[], Any]) -> Callable[[int], Any]:
        return lambda _: browser.get("/transactions/", {name: value() for name, value in asked.items()})

    def api(**asked: Callable[[], Any]) -> Callable[[int], Any]:
        def ask(_: int) -> Any:
            wanted = {name: value() for name, value in asked.items()}
            return browser.get("/api/v1/bank-transactions/", wanted, headers={"Authorization": f"Bearer {token}"})

        return ask

    def day() -> str:
        return (big_tenant.TODAY - timedelta(days=chance.randrange(_DAYS))).isoformat()

    def deep() -> str:
        place = chance.randrange(count // 10, count - 100)
        on = big_tenant.TODAY - timedelta(days=(count - place) * _DAYS // count)
        return f"{on.isoformat()}_bank_{newest - count + place}"

    def number() -> int:
        return chance.randrange(1, count)

    def money() -> str:
        return f"{chance.randrange(499, 90000) / 100:.2f}"

    def unknown() -> str:
        return f"zq{chance.randrange(10**9):09d}"

    return {
        "page": page(),
        "page, deep": page(after=deep),
        "page, to review": page(state=lambda: "UNRECONCILED"),
        "page, ignored, deep": page(state=lambda: "IGNORED", after=deep),
        "page, partly matched (none is)": page(state=lambda: "PARTLY_ALLOCATED"),
        "page, one day": page(**{"from": day}),
        "page, until a day": page(to=day),
        "page, one file": page(**{"import": lambda: upload}),
        "page, a word of every fourth": page(q=lambda: "invoice"),
        "page, a name": page(q=lambda: chance.choice(lasts)),
        "page, a number": page(q=lambda: f"INV-2026-{4 * (number() // 4):07d}"),
        "page, an amount": page(q=money),
        "page, two letters": page(q=lambda: chance.choice("xyzqj") + chance.choice("xyzqj")),
        "page, a text that nobody wrote": page(q=unknown),
        "page, to review, a name": page(q=lambda: chance.choice(lasts), state=lambda: "UNRECONCILED"),
        "API": api(),
        "API, one account": api(account=lambda: str(account)),
        "API, credits of an amount or more": api(direction=lambda: "in", amount_from=lambda: "900.00"),
        "API, an exact amount": api(amount_from=lambda: "1234.56", amount_until=lambda: "1234.56"),
        "API, a week": api(since=day),
        "API, a number": api(q=lambda: f"INV-2026-{4 * (number() // 4):07d}"),
        "API, an end-to-end id": api(q=lambda: f"E2E-{number()}"),
        "API, a text that nobody wrote": api(q=unknown),
    }


def print_plans(browser_asks: Callable[[int], Any], over: float) -> None:
    """Ask once, and print the plan of each query that takes longer."""
    from django.db import connection

    found = []

    def timed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        answer = execute(sql, params, many, context)
        took = (time.perf_counter() - began) * 1000
        if took > over and sql.startswith("SELECT"):
            cursor = context["cursor"].connection.cursor()
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql, params)
            found.append((took, sql[-600:], [line for (line,) in cursor.fetchall()]))
        return answer

    with connection.execute_wrapper(timed):
        browser_asks(0)
    for took, sql, plan in found:
        sys.stdout.write(f"\n{took:.0f} ms: ...{sql}\n" + "\n".join(plan) + "\n")


def main() -> int:
    """Measure and print the table; 1 when the aim is missed."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--rows", type=int, default=1_000_000)
    wanted.add_argument("--times", type=int, default=40)
    wanted.add_argument("--plans", type=float, metavar="MS")
    options = wanted.parse_args()
    import django

    django.setup()
    from django.conf import settings

    from benchmarks.pages import measured

    settings.ALLOWED_HOSTS = ["*"]
    began = time.perf_counter()
    tenant, browser, upload = prepare(options.rows)
    sys.stdout.write(f"{options.rows:,} transactions: made in {time.perf_counter() - began:.0f} s\n\n")
    sys.stdout.write("| what | median ms | p95 ms | aim |\n|---|---|---|---|\n")
    missed = 0
    asked = lists(browser, tenant, upload, options.rows)
    for name, ask in asked.items():
        middle, late = measured(ask, options.times)
        missed += late > AIM
        sys.stdout.write(f"| {name} | {middle:.0f} | {late:.0f} | {AIM} |\n")
        sys.stdout.flush()
    if options.plans is not None:
        for name, ask in asked.items():
            sys.stdout.write(f"\n## {name}\n")
            print_plans(ask, options.plans)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
