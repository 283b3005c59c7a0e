"""How long pages and decisions take where much is open: `python -m payymo.local throwaway -- benchmarks/pages.py`.

Makes a tenant with many open payments, each with a suggestion, signs a reviewer in and asks for each page in this
process, as the web server would: middleware, queries, template. The clock runs from request to rendered answer.
"""

import argparse
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")

AIM_OF_DECISIONS, AIM_OF_LISTS = 150, 300
_SUGGEST = """
    INSERT INTO matching_proposal (public_id, bank_transaction_id, rank, status, band, kind, probability, is_tie,
        is_certain, client_id, reasons, why_not, rules, none_reason, engine_version, amount, currency, received_date,
        due_date)
    SELECT gen_random_uuid(), t.id, 1, 'OPEN',
        (ARRAY['exact', 'exact', 'likely', 'possible', 'none'])[1 + t.id %% 5], 'single', 0.98, false, true,
        i.client_id, '[]', '[]', '[]', CASE WHEN t.id %% 5 = 4 THEN 'no_candidate' ELSE '' END, 'benchmark', t.amount,
        'EUR', t.booking_date, CASE WHEN t.id %% 5 = 4 THEN NULL ELSE i.due_date END
    FROM banking_banktransaction t
    JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM whmcs_invoice WHERE balance > 0) AS i
        ON i.place = 1 + t.id %% (SELECT count(*) FROM whmcs_invoice WHERE balance > 0);
    INSERT INTO matching_proposalline (proposal_id, invoice_id, amount, fee)
    SELECT p.id, i.id, least(i.balance, p.amount), 0 FROM matching_proposal p
    JOIN banking_banktransaction t ON t.id = p.bank_transaction_id
    JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM whmcs_invoice WHERE balance > 0) AS i
        ON i.place = 1 + t.id %% (SELECT count(*) FROM whmcs_invoice WHERE balance > 0)
    WHERE p.band <> 'none';
    UPDATE banking_banktransaction SET proposed_at = now(),
        booking_date = booking_date - (id %% 400)::integer;
    UPDATE matching_proposal p SET received_date = t.booking_date FROM banking_banktransaction t
    WHERE t.id = p.bank_transaction_id
"""


def prepare(payments: int, invoices: int) -> tuple[Any, Any]:
    """Make the tenant and a browser in which its reviewer is signed in."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from accounts.models import User
    from accounts.permissions import sync_builtin_roles
    from accounts.services import browser_sessions, onboarding
    from benchmarks import big_tenant
    from tenants import context

    call_command("migrate_schemas", shared=True, verbosity=0)
    sync_builtin_roles()
    tenant = big_tenant.make(invoices)
    onboarding.add_member(
        tenant=tenant, email="owner@big.example", role="owner", name="Olga", password="a long benchmark one"
    )
    with context.inside(tenant):
        big_tenant.add_payments(payments)
        with connection.cursor() as cursor:
            cursor.execute(_SUGGEST, [])
            cursor.execute("ANALYZE")
    browser = Client(HTTP_HOST=f"{big_tenant.SLUG}.localhost")
    user = User.objects.get(email="owner@big.example")
    browser.force_login(user)
    session = browser.session
    browser_sessions.begin(session, user=user, tenant=tenant, staff=False, now=timezone.now())
    session["confirmed_at"] = timezone.now().isoformat()
    session.save()
    return tenant, browser


def measured(ask: Callable[[int], Any], times: int) -> tuple[float, float]:
    """Ask so often; return the median and the 95th percentile in milliseconds."""
    ask(0)
    took = []
    for number in range(1, times + 1):
        before = time.perf_counter()
        answer = ask(number)
        took.append((time.perf_counter() - before) * 1000)
        if answer.status_code >= 400:
            raise SystemExit(f"{answer.request['PATH_INFO']} answered {answer.status_code}: {answer.content[:300]!r}")
    return statistics.median(took), statistics.quantiles(took, n=20)[18]


def decisions(browser: Any, tenant: Any) -> dict[str, Callable[[int], Any]]:
    """What a reviewer does with a key, each on another payment."""
    from matching import queue_selectors
    from matching.versions import version_of
    from tenants import context

    with context.inside(tenant):
        # Of two that mean the same invoice the second would be refused.
        apart = {
            next(iter(row.lines.all())).invoice_id: row for row in queue_selectors.page(on=time_today(), size=2000)
        }
        ready = [
            (str(row.bank_transaction.public_id), str(row.public_id), version_of(row.bank_transaction, [row]))
            for row in apart.values()
            if row.bank_transaction
        ]
    taken = iter(ready)
    headers = {"HX-Request": "true"}

    def post(act: str, **fields: str) -> Callable[[int], Any]:
        def ask(_: int) -> Any:
            receipt, proposal, version = next(taken)
            sent = {"version": version, "candidate": proposal, "key": proposal[:12], **fields}
            return browser.post(f"/review/{receipt}/{act}/", sent, headers=headers)

        return ask

    def panel(number: int) -> Any:
        return browser.get(f"/review/{ready[-1 - number][0]}/panel/", headers=headers)

    return {
        "approve": post("approve"),
        "reject": post("reject"),
        "ignore": post("ignore", reason="other"),
        "comment": post("comment", text="looks right"),
        "panel": panel,
        "status": lambda _: browser.get("/review/status/", headers=headers),
    }


def time_today() -> Any:
    """Return the day of now."""
    from django.utils import timezone

    return timezone.now().date()


def pages(browser: Any) -> dict[str, Callable[[int], Any]]:
    """The lists and the pages around them."""
    addresses = {
        "review": "/review/",
        "review, one band": "/review/?band=possible",
        "review, oldest first": "/review/?order=oldest",
        "review, stops next": "/review/?order=due",
        "review, mine": "/review/?who=me",
        "review, searched": "/review/?q=thank",
        "queue, next page": "/review/queue/?cursor=1_49.000_60000",
        "bulk preview of 200": "/review/bulk/",
        "overview": "/",
        "transactions": "/transactions/",
        "transactions, to review": "/transactions/?state=UNRECONCILED",
        "transactions, searched": "/transactions/?q=customer",
        "transactions, by amount": "/transactions/?sort=-amount",
        "invoices": "/invoices/",
        "invoices, open": "/invoices/?status=Unpaid",
        "invoices, searched": "/invoices/?q=0099999",
        "payers": "/payers/",
        "payouts": "/payouts/",
        "postings": "/postings/",
        "rules": "/rules/",
        "activity": "/activity/",
        "imports": "/imports/",
        "connections": "/connections/",
        "search": "/search/?q=INV-2026",
        "reports": "/reports/",
        "report, period statement": "/reports/statement/",
        "report, cash received": "/reports/cash/",
        "report, ageing": "/reports/ageing/",
        "report, unmatched": "/reports/unmatched/",
        "report, unmatched a month ago": f"/reports/unmatched/?on={time_today() - timedelta(days=30)}",
        "report, three-way check": "/reports/three-way/",
        "report, automation": "/reports/automation/",
        "report, reasons": "/reports/reasons/",
        "report, predictions": "/reports/match-rate/",
        "report, speed": "/reports/speed/",
    }
    # The queue's next page is a part of one, which a browser that opens its address does not get.
    as_part = {"X-Payymo-Part": "any"}
    return {name: lambda _, path=path: browser.get(path, headers=as_part) for name, path in addresses.items()}


def main() -> int:
    """Measure and print the table; 1 when an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40)
    asked = parser.parse_args()
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.ALLOWED_HOSTS = ["*"]
    started = time.perf_counter()
    tenant, browser = prepare(asked.payments, asked.invoices)
    print(f"{asked.payments} open payments, {asked.invoices} invoices: made in {time.perf_counter() - started:.0f} s\n")
    # As the web server does when it has loaded everything.
    gc.collect()
    gc.freeze()
    print("| what | median ms | p95 ms | aim | queries |\n|---|---|---|---|---|")
    missed = 0
    for aim, group in ((AIM_OF_DECISIONS, decisions(browser, tenant)), (AIM_OF_LISTS, pages(browser))):
        for name, ask in group.items():
            middle, late = measured(ask, asked.times)
            counted = _queries(connection, ask)
            missed += late > aim
            print(f"| {name} | {middle:.0f} | {late:.0f} | {aim} | {counted} |", flush=True)
    return 1 if missed else 0


def _queries(connection: Any, ask: Callable[[int], Any]) -> int:
    found = 0

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal found
        found += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counted):
        ask(0)
    return found


if __name__ == "__main__":
    sys.exit(main())
