"""Overview, lists and details with invented records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from payymo.dashboard import pages
from payymo.dashboard.pages import (
    Chip,
    Choice,
    Event,
    Fact,
    FilterChip,
    Filters,
    FilterSelect,
    Pager,
)
from payymo.dashboard.pages.reports import ExportLink
from payymo.dashboard.presenters.reports import chart
from payymo.dashboard.reports.shape import Chart, Group
from tests.dashboard.gallery.common import MATCHED, TODAY, WAITING, ago, eur, table, uuid_of
from tests.dashboard.gallery.review import PAYMENTS, receipt, single

FILTERS = Filters(
    selects=(
        FilterSelect("state", "State", (Choice("", "All states"), Choice("open", "To review"))),
        FilterSelect(
            "source", "Source", (Choice("", "All sources"), Choice("bank", "Bank"), Choice("stripe", "Stripe"))
        ),
    ),
    chips=(FilterChip("From 1 Nov 2026", "/transactions/"),),
    clear_url="/transactions/",
    has_dates=True,
    from_date="2026-11-01",
)
EVENTS = (
    Event(ago(seconds=40), "Ana Petrova", "Approved 240.00 EUR from Northwind Ltd", "2 invoices", "ok", "check",
          "/transactions/", "/review/undo/x/", TODAY),
    Event(ago(minutes=4), "Payymo", "Posted INV-1038 in WHMCS", "read back", "info", "check-check", day=TODAY),
    Event(ago(minutes=9), "Rule: exact band", "Approved 49.00 EUR from MUELLER, J.", "", "ok", "sparkles", day=TODAY),
    Event(ago(hours=3), "Tom Weber", "Rejected INV-1019 for Globex BV", "wrong client", "bad", "x", day=TODAY),
    Event(ago(days=1), "Tom Weber", "Ignored 7.90 EUR", "bank fee", "neutral", "ban", day=TODAY - timedelta(days=1)),
)  # fmt: skip


def overview(**changes: object) -> pages.OverviewPage:
    received = [980, 2310, 1870, 0, 0, 3420, 2780, 1990, 2540, 3100, 0, 0, 4120, 2240, 1760, 2980, 2410, 0, 0, 3890,
                2650, 2020, 3140, 2790, 0, 0, 4480, 3010, 2230, 2610]  # fmt: skip
    days = tuple(
        pages.FlowDay(
            TODAY - timedelta(days=29 - index),
            Decimal(value),
            Decimal(value) * (6 if index < 24 else 6 - index % 6) / 6,
        )
        for index, value in enumerate(received)
    )
    whole = pages.OverviewPage(
        period="16 Oct – 14 Nov 2026",
        open_money=(
            pages.OpenMoney(
                eur("12430.50"), eur("98200.00"), 41, Decimal("0.87"),
                pages.Spark(tuple(each.received - each.matched for each in days), "Still open, by the day it came in."),
            ),
        ),
        bands=tuple(
            pages.BandCount(band, count, f"/review/?band={band}")
            for band, count in (("exact", 23), ("likely", 9), ("possible", 6), ("none", 3))
        ),
        figures=(
            pages.Figure("Decided today", "96", "71 by a person, 25 automatic"),
            pages.Figure("Posted in WHMCS", "93", "3 waiting for the undo time",
                         spark=pages.Spark((Decimal(0), Decimal(12), Decimal(81)), "93 posted in this period.")),
            pages.Figure("Oldest open", "6 days", "8 Nov 2026"),
        ),
        flow=pages.Flow(
            "EUR", days, "87% of the 98,200.00 EUR received in 30 days is matched.", eur("98200"), eur("85769.5")
        ),
        feeds=(
            pages.Feed(
                "N26 Business", "bank", Chip("Running", "ok"), ago(minutes=5), "3 calls left today", "/connections/"
            ),
            pages.Feed("Stripe", "stripe", Chip("Running", "ok"), ago(minutes=2)),
            pages.Feed(
                "billing.northhost.example", "whmcs", Chip("Not answering", "bad"), ago(hours=2), "tried 3 times"
            ),
        ),
        decisions=EVENTS[:4],
        setup=(
            pages.SetupStep("Connect WHMCS", "412 open invoices read", True, "/connections/whmcs/new/"),
            pages.SetupStep("Connect a bank", "or upload a statement file", False, "/connections/bank/new/"),
            pages.SetupStep("Connect Stripe", "may be skipped", False, "/connections/stripe/new/"),
        ),
        stopping=(
            pages.StoppingRow("/review/x/", "MUELLER, J.", eur("49.00"), "INV-1038", "exact",
                              date(2026, 11, 12), "12 Nov 2026", "was to stop 2 days ago", late=True),
            pages.StoppingRow("/review/y/", "Globex BV", eur("598.80"), "INV-1019", "possible",
                              date(2026, 11, 16), "16 Nov 2026", "stops in 2 days"),
        ),
    )  # fmt: skip
    return replace(whole, **changes)


def transactions(**changes: object) -> pages.TransactionsPage:
    states = (MATCHED, WAITING, Chip("Partly matched", "warn"), Chip("Ignored"), Chip("Later", "neutral"))
    rows = tuple(
        pages.TransactionRow(
            f"/transactions/{uuid_of(n)}/", date(2026, 11, day), "stripe" if n % 3 == 2 else "bank",
            "Stripe" if n % 3 == 2 else "N26 Business · … 3000", name, reference,
            eur(f"-{amount}" if n == 8 else amount), states[n % 5], target,
        )
        for n, (_, name, amount, day, reference, target) in enumerate(PAYMENTS)
    )  # fmt: skip
    whole = pages.TransactionsPage(
        rows, FILTERS, Pager("/transactions/?cursor=2", "/transactions/"), table("transactions")
    )
    return replace(whole, **changes)


def taken_back(**changes: object) -> pages.TakenBackNote:
    steps = (
        pages.TakenBackStep("Record a refund of 50.00 EUR in WHMCS for this very payment.", False),
        pages.TakenBackStep("See that the invoice is no longer paid there.", True, "WHMCS showed: Collections."),
    )
    whole = pages.TakenBackNote("Refunded through Stripe", eur("50.00"), date(2026, 11, 19), steps)
    return replace(whole, dealt_with_url="/returns/x/dealt-with/", **changes)


def returns() -> pages.ReturnsPage:
    rows = tuple(
        pages.ReturnRow(f"/transactions/{uuid_of(n)}/", name, reference, ago(hours=n + 1), taken_back())
        for n, (_, name, _amount, _day, reference, _target) in enumerate(PAYMENTS[:2])
    )
    return pages.ReturnsPage(rows, replace(FILTERS, chips=(), has_search=False), Pager(), table("returns"))


def stopped(number: int) -> pages.StoppedPosting:
    posting = f"/postings/{uuid_of(number)}"
    return pages.StoppedPosting(
        uuid_of(number), f"INV-10{number}", eur("9.00"), f"{posting}/retry/", f"{posting}/give-up/"
    )


def postings(**changes: object) -> pages.PostingsPage:
    rows = (
        pages.PostingRow("INV-1031", "Northwind Ltd", eur("9.00"), Chip("Needs a person", "bad"),
                         "WHMCS shows the invoice as Cancelled.", ago(hours=2), "/invoices/", "/transactions/",
                         stopped(31)),
        pages.PostingRow("INV-1032", "Globex BV", eur("598.80"), Chip("Refused by WHMCS", "bad"),
                         "WHMCS does not know the invoice.", ago(days=1), "/invoices/", "/transactions/", stopped(32)),
    )  # fmt: skip
    filters = replace(FILTERS, chips=(), has_search=False)
    return replace(pages.PostingsPage(rows, filters, Pager("/postings/?after=p_2"), table("postings")), **changes)


def transaction() -> pages.TransactionPage:
    allocations = (
        pages.AllocationRow("INV-1029", "Northwind Ltd", eur("180.00"), "Ana Petrova", ago(seconds=40),
                            Chip("Waiting", "info"), "posts in 24 s", "/invoices/", "/review/undo/x/"),
        pages.AllocationRow("INV-1031", "Northwind Ltd", eur("9.00"), "Ana Petrova", ago(hours=2),
                            Chip("Needs a person", "bad"), "WHMCS shows the invoice as Cancelled.",
                            stopped=stopped(31)),
        pages.AllocationRow("INV-1030", "Northwind Ltd", eur("60.00"), "Ana Petrova", ago(seconds=40),
                            Chip("Posted", "ok"), "transaction PM-7F3A"),
    )  # fmt: skip
    raw = (
        Fact("end_to_end_id", text="NOTPROVIDED", verbatim=True),
        Fact("remittance", text="a\tb\u202ec", verbatim=True),
    )
    return pages.TransactionPage(
        "240.00 EUR from Northwind Ltd", "bank", eur("240.00"), Chip("Partly matched", "warn"),
        (*receipt(4, marked=False).facts, Fact("Structured reference", text="")), allocations, eur("0.00"),
        (single(4, 2, "possible", 0.31),), "", EVENTS, raw, f"/review/{uuid_of(4)}/",
    )  # fmt: skip


def invoices(**changes: object) -> pages.InvoicesPage:
    states = (Chip("Unpaid", "info"), Chip("Overdue", "warn"), Chip("Paid", "ok"), Chip("Cancelled"))
    rows = tuple(
        pages.InvoiceRow(f"/invoices/{uuid_of(n)}/", f"INV-{1060 - n}", name or "Weber KG", eur(amount),
                         eur("0.00" if n % 4 == 2 else amount), date(2026, 11, day), "2 days ago", states[n % 4])
        for n, (_, name, amount, day, _, _) in enumerate(PAYMENTS)
    )  # fmt: skip
    whole = pages.InvoicesPage(
        rows, replace(FILTERS, chips=()), Pager("/invoices/?cursor=2"), table("invoices"), ago(minutes=5)
    )
    return replace(whole, **changes)


def invoice() -> pages.InvoicePage:
    facts = (
        Fact("Client", text="Northwind Ltd #204"),
        Fact("Numbers", text="INV-1030, proforma 88120, order 5501"),
        Fact("Issued", day=date(2026, 10, 29)),
        Fact("Due", day=date(2026, 11, 12), text="2 days ago"),
        Fact("Service stops", day=date(2026, 11, 15)),
    )
    received = (pages.ReceivedRow(TODAY, "N26 Business", "Northwind Ltd", eur("60.00"), MATCHED, "/transactions/"),)
    items = (pages.InvoiceItem("Dedicated server, Nov 2026", eur("59.00")), pages.InvoiceItem("VAT", eur("2.20")))
    return pages.InvoicePage(
        "INV-1030", "Northwind Ltd", Chip("Partly paid", "warn"), eur("61.20"), eur("1.20"), facts, items, received,
        EVENTS[:2], ago(minutes=5), "https://billing.northhost.example/admin/invoices.php?action=edit&id=1030",
    )  # fmt: skip


def payouts(**changes: object) -> pages.PayoutsPage:
    address = f"/payouts/{uuid_of(4)}/"
    rows = (
        pages.PayoutRow(address, "po_1QxAcme0014", date(2026, 11, 13), 38, eur("2402.10"), eur("-71.55"), eur("-20.00"),
                        eur("0.00"), eur("2310.55"), Chip("On the bank account", "ok"), "", "13 Nov 2026",
                        "/transactions/"),
        pages.PayoutRow(address, "po_1QwAcme0013", date(2026, 11, 16), 1, eur("49.00"), eur("-1.03"), eur("0"),
                        eur("0"), eur("47.97"), Chip("In transit", "info")),
        pages.PayoutRow(address, "po_1QwAcme0012", date(2026, 11, 16), 0, None, None, None, None, eur("47.97"),
                        Chip("Choose the bank entry", "warn"), "Sent by hand"),
    )  # fmt: skip
    whole = pages.PayoutsPage(rows, replace(FILTERS, chips=()), Pager(), table("payouts"), "/payouts/export.csv")
    return replace(whole, **changes)


def payout(**changes: object) -> pages.PayoutPage:
    def entry(key: int, amount: str, day: int, text: str) -> pages.BankEntry:
        return pages.BankEntry(uuid_of(key), date(2026, 11, day), "STRIPE PAYMENTS EUROPE LTD", text, eur(amount),
                               "N26 Business … 3000", "/transactions/")  # fmt: skip

    lines = (
        pages.EquationLine("Charges", eur("2402.10"), 38), pages.EquationLine("Fees", eur("-71.55"), 38),
        pages.EquationLine("Refunds", eur("-20.00"), 1), pages.EquationLine("Disputes", eur("0.00"), 0),
        pages.EquationLine("Adjustments", eur("0.00"), 0),
        pages.EquationLine("Explained", eur("2310.55"), is_sum=True),
        pages.EquationLine("Paid out", eur("2309.32"), is_sum=True),
    )  # fmt: skip
    items = tuple(
        pages.PayoutItem(date(2026, 11, 11), kind, name, source, eur(amount), eur(fee), eur(net), url)
        for kind, name, source, amount, fee, net, url in (
            ("Charges", "Ines Weber-Lindström", "ch_3QxAcme00000000000000001", "49.00", "-1.03", "47.97",
             "/transactions/"),
            ("Refunds", "REFUND FOR CHARGE", "re_3QxAcme00000000000000002", "-20.00", "0.00", "-20.00", ""),
        )
    )  # fmt: skip
    whole = pages.PayoutPage(
        "po_1QxAcme0014", eur("2309.32"), Chip("Does not add up", "bad"),
        (Fact("Stripe account", text="Northhost GmbH"), Fact("Arrives", day=date(2026, 11, 13)),
         Fact("Trace id", text="NORT4711", verbatim=True)),
        lines, eur("-1.23"), False, "Stripe names these movements as its items.",
        (pages.SettledEntry(entry(4, "2309.32", 13, "STRIPE NORT4711"), "The text quotes this payout", ago(hours=2),
                            eur("0.00"), undo_url="/payouts/x/undo/"),
         pages.SettledEntry(entry(5, "-2309.32", 16, "RETOURE"), "Paired by Ana Petrova", ago(hours=1), eur("-0.50"),
                            is_return=True, shared=True)),
        (pages.PayoutChoice(entry(6, "2309.32", 13, "SAMMELGUTSCHRIFT"), "Only amount and day fit", selected=True),
         pages.PayoutChoice(entry(7, "2208.00", 14, "STRIPE"), "Names the gateway", "Differs by −101.32 EUR.")),
        (pages.OtherPayout(uuid_of(8), "po_1QwAcme0013", date(2026, 11, 16), eur("47.97")),),
        items, Pager("/payouts/?after=x_2"), "The items do not add up to what was paid out.", "/payouts/x/pair/",
        "/payouts/x/export.csv", "The payout is found on the bank account already. Nothing was saved.",
    )  # fmt: skip
    return replace(whole, **changes)


EXPORTS = tuple(ExportLink(label, f"/reports/three-way/export.{label.lower()}") for label in ("CSV", "PDF"))
FINDINGS = chart(
    Chart("Findings by list", ("Findings",), (Group("Captured", (Decimal(3),)), Group("Fee", (Decimal(1),))))
)


def three_way(**changes: object) -> pages.ThreeWayReport:
    lists = (
        pages.ThreeWayList("Captured, but the invoice is unpaid", "3", "/reports/three-way/", False, True),
        pages.ThreeWayList("Paid in WHMCS, but no charge", "0", "/reports/three-way/", True),
        pages.ThreeWayList("In no payout yet", "1,000+", "/reports/three-way/", False),
    )
    rows = (
        pages.ThreeWayLine(date(2026, 11, 13), eur("49.00"), None, "ch_3QxAcme00000000000000001", "Ines Weber",
                           "/transactions/", "", "", "", "", "", "Approve the suggestion in Review.", "/review/"),
        pages.ThreeWayLine(date(2026, 11, 12), eur("1.03"), eur("0.00"), "ch_3QxAcme00000000000000002", "", "",
                           "INV-1042", "txn_3QxAcme00000000000000002", "/invoices/", "13 Nov 2026", "/payouts/",
                           "Enter Stripe's fee on the transaction in WHMCS.", ""),
    )  # fmt: skip
    filters = Filters(has_search=False, has_dates=True, from_date="2026-08-22", to_date="2026-11-20",
                      hidden=(("list", "fee_differs"),))  # fmt: skip
    whole = pages.ThreeWayReport(
        lists,
        lists[0].title,
        rows,
        filters,
        Pager("/reports/three-way/?after=x"),
        EXPORTS,
        "6 findings in 2 of 6 lists.",
        (FINDINGS,),
        error="Choose between one day and 400 days.",
    )
    return replace(whole, **changes)


def activity(**changes: object) -> pages.ActivityPage:
    changed = Event(
        ago(days=1), "Ana Petrova", "Changed the general settings", icon="settings", day=TODAY - timedelta(days=1),
        changes=(pages.Change("Seconds to undo", "60", "30"), pages.Change("Language", "de")),
    )  # fmt: skip
    whole = pages.ActivityPage((*EVENTS, changed), replace(FILTERS, chips=()), Pager("/activity/?cursor=2"))
    whole = replace(whole, changes_url="/activity/changes/")
    return replace(whole, **changes)
