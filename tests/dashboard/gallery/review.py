"""The review screen with invented payments, one of every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from payymo.dashboard import pages
from payymo.dashboard.pages import (
    BandName,
    CandidateCard,
    Choice,
    Fact,
    Filters,
    FilterSelect,
    InvoiceLine,
    Marked,
    Panel,
    PanelUrls,
    QueueRow,
    ReasonLine,
    ReceiptCard,
    Span,
)
from tests.dashboard.gallery.common import TODAY, ago, eur, uuid_of

PAYMENTS: list[tuple[BandName, str, str, int, str, str]] = [
    ("exact", "Acme Hosting GmbH", "1190.00", 14, "INV-1042 Acme Hosting Nov", "INV-1042"),
    ("exact", "Stefan Brandt Elektrotechnik", "833.00", 14, "Rechnung INV-1055 Kd 771", "INV-1055"),
    ("exact", "MUELLER, J.", "49.00", 14, "RE 1038 / Kd 771", "INV-1038"),
    ("exact", "De Vries Webwinkel B.V.", "36.30", 13, "factuur INV-1061 dank u", "INV-1061"),
    ("likely", "Northwind Ltd", "240.00", 13, "invoice 1029+1030", "INV-1029 +1"),
    ("likely", "Kanzlei Weiss & Partner mbB", "178.50", 13, "Domain kanzlei-weiss.example", "INV-1047"),
    ("possible", "Globex BV", "598.80", 12, "factuur 1019 minus fee", "INV-1019"),
    ("possible", "A. Rossi", "99.00", 12, "hosting novembre", "INV-1033"),
    ("none", "Unknown payer", "15.00", 11, "thank you", ""),
    ("none", "", "7.90", 10, "", ""),
]


def urls(number: int) -> PanelUrls:
    item = f"/review/{uuid_of(number)}/"
    acts = ("approve", "reject", "hold", "ignore", "find", "split", "assign", "comment")
    return PanelUrls(item=item, panel=f"{item}panel/", history=f"/transactions/{uuid_of(number)}/",
                     **{act: f"{item}{act}/" for act in acts})  # fmt: skip


def queue_row(number: int, current: int | None = None) -> QueueRow:
    band, name, amount, day, reference, target = PAYMENTS[number]
    return QueueRow(
        receipt_id=uuid_of(number),
        name=name,
        amount=eur(amount),
        day=date(2026, 11, day),
        reference=reference,
        target=target,
        band=band,
        url=urls(number).item,
        panel_url=urls(number).panel,
        current=number == current,
        whole=eur("650.00") if number == 6 else None,
        assignee="Tom Berger" if number == 4 else "",
    )


def queue(current: int | None = 0, without: frozenset[int] = frozenset()) -> pages.QueuePage:
    bands = []
    for band, extra in (("exact", 19), ("likely", 7), ("possible", 4), ("none", 1)):
        numbers = [n for n, payment in enumerate(PAYMENTS) if payment[0] == band and n not in without]
        rows = tuple(queue_row(n, current) for n in numbers)
        if rows:
            bands.append(pages.QueueBand(band, len(rows) + extra, rows))
    return pages.QueuePage(
        tuple(bands), next_url="/review/queue/?cursor=2", next_page_url="/review/?cursor=2", selects=True
    )


def receipt(number: int, *, marked: bool) -> ReceiptCard:
    _, name, amount, day, reference, _ = PAYMENTS[number]
    word = reference.split(" ")[0]
    facts = (
        Fact("Booked", day=date(2026, 11, day)),
        Fact("Payer", marked=Marked(name, (Span(0, 4),) if marked else ())),
        Fact("Account", text="N26 Business · … 3000"),
        Fact("Reference", marked=Marked(reference, (Span(0, len(word)),) if marked else ()), verbatim=True),
    )
    return ReceiptCard("Bank transaction", name, eur(amount), marked, facts, f"/transactions/{uuid_of(number)}/")


def line(number: str, amount: str, *, allocated: str | None = None, marked: bool = False) -> InvoiceLine:
    return InvoiceLine(
        number=Marked(number, (Span(0, len(number)),) if marked else ()),
        outstanding=eur(amount),
        allocated=eur(allocated or amount),
        due_date=date(2026, 11, 12),
        due_text="2 days ago",
        status="Unpaid",
        items=Marked("Dedicated server, Nov 2026"),
        amount_marked=marked,
        url=f"/invoices/{uuid_of(900)}/",
        whmcs_url="https://billing.northhost.example/admin/invoices.php?action=edit&id=1042",
    )


REASONS = (
    ReasonLine("yes", "Invoice number", "“INV-1042” is in the reference"),
    ReasonLine("yes", "Amount", "equal to the outstanding amount, to the cent"),
    ReasonLine("yes", "Payer", "paid 7 earlier invoices of this client"),
    ReasonLine("nearly", "Date", "2 days after the due date"),
)


def single(number: int, rank: int = 1, band: BandName = "exact", probability: float = 0.987) -> CandidateCard:
    _, name, amount, _, _, target = PAYMENTS[number]
    title = target.split(" ")[0] if rank == 1 else "INV-0987"
    reasons = REASONS if rank == 1 else (*REASONS[1:3], ReasonLine("no", "Invoice number", "another one is quoted"))
    return CandidateCard(
        rank=rank,
        key=uuid_of(500 + rank),
        title=title,
        lines=(line(title, amount, marked=rank == 1),),
        client=Marked(f"{name.title()} #771", (Span(0, 4),)),
        probability=probability,
        band=band,
        receipt=receipt(number, marked=rank == 1),
        reasons=reasons,
    )


def several(number: int) -> CandidateCard:
    return CandidateCard(
        rank=1,
        key=uuid_of(511),
        title="INV-1029 +1",
        lines=(line("INV-1029", "180.00", marked=True), line("INV-1030", "61.20", allocated="60.00", marked=True)),
        client=Marked("Northwind Ltd #204", (Span(0, 9),)),
        probability=0.91,
        band="likely",
        receipt=receipt(number, marked=True),
        reasons=REASONS,
        client_note="pays by transfer",
        remainder="1.20 EUR of INV-1030 stays open.",
        total=eur("241.20"),
    )


COMMENTS = (
    pages.CommentLine("Ana Petrova", ago(hours=3), (("@Tom", True), (" is this the second instalment?", False))),
    pages.CommentLine("Tom Berger", ago(minutes=12), (("Yes, the third comes in December.", False),)),
)


def panel(number: int = 0, **changes: object) -> Panel:
    band, name, amount, _, _, _ = PAYMENTS[number]
    candidates: tuple[CandidateCard, ...] = ()
    if band == "likely":
        candidates = (several(number), single(number, 2, "possible", 0.06))
    elif band != "none":
        candidates = (single(number, 1, band), single(number, 2, "possible", 0.011))
    whole = Panel(
        receipt_id=uuid_of(number),
        title_name=name,
        amount=eur(amount),
        left=eur(amount),
        receipt=receipt(number, marked=False),
        candidates=candidates,
        urls=urls(number),
        allowed=pages.Allowed(decide=True, approve=True, find=True, split=True, talk=True),
        version="v1",
        key=uuid_of(700 + number),
        summary=f"{amount} EUR from {name}",
        none_text="" if candidates else "No open invoice has this amount, and no number is quoted.",
        hold_until="2026-11-21",
        ignore_reasons=(Choice("own_transfer", "Own transfer"), Choice("fee", "Bank fee"), Choice("other", "Other")),
        reject_reasons=(Choice("", "No reason"), Choice("wrong_client", "Wrong client")),
        colleagues=(Choice("1", "Ana Petrova"), Choice("2", "Tom Berger", True)),
        assignee="Tom Berger" if number == 4 else "",
        comments=COMMENTS if number == 4 else (),
    )
    return replace(whole, **changes)


def found(number: str, client: str, amount: str) -> pages.FindResult:
    return pages.FindResult(uuid_of(600), number, client, eur(amount), TODAY, "Domain globex.example", REASONS[1:3])


def find_panel() -> Panel:
    results = (found("INV-1019", "Globex BV", "600.00"), found("INV-1020", "Globex Logistics", "598.80"))
    return panel(6, find=pages.FindPanel("glob", results, more=True, searched=True))


def split_panel() -> Panel:
    rows = (
        pages.SplitRow(uuid_of(601), "INV-1029", "Northwind Ltd", eur("180.00"), "180.00"),
        pages.SplitRow(uuid_of(602), "INV-1030", "Northwind Ltd", eur("61.20"), "70.00", "At most 61.20 EUR is owed."),
    )
    uses = (Choice("", "Choose"), Choice("credit", "Client credit"), Choice("open", "Leave it open"))
    results = (found("INV-1031", "Northwind Ltd", "12.00"),)
    return panel(4, split=pages.SplitPanel(rows, eur("-10.00"), 2, uses, "1031", results))


PROGRESS = pages.Progress(41, 96, ((eur("12430.50"), eur("98200.00")),), Decimal("0.87"))
UNDO = pages.UndoBar("Approved 240.00 EUR from Northwind, 2 invoices.", 24, f"/review/undo/{uuid_of(1)}/", "Posted.")
REVIEW_FILTERS = Filters(
    selects=(
        FilterSelect("band", "Match", (Choice("", "All"), Choice("exact", "Exact", True))),
        FilterSelect("order", "Order", (Choice("", "By certainty"), Choice("oldest", "Oldest first"))),
    ),
    clear_url="/review/",
)


def review(**changes: object) -> pages.ReviewPage:
    whole = pages.ReviewPage(
        queue=queue(),
        panel=panel(),
        progress=PROGRESS,
        filters=REVIEW_FILTERS,
        base_url="/review/",
        status_url="/review/status/",
        undo=UNDO,
        recent=(
            pages.Recent("49.00 EUR from Mueller → INV-1038", ago(minutes=3), "/review/undo/x/", "/transactions/"),
        ),
        views=pages.Views(
            (
                pages.SavedViewLink("All", "/review/", True),
                pages.SavedViewLink("Mine", "/review/?who=1"),
                pages.SavedViewLink("Stops next", "/review/?order=due"),
                pages.SavedViewLink("Large and mine", "/review/?over=1000", remove_url="/review/views/x/remove/"),
            ),
            "order=due",
            "/review/views/",
        ),
        bulk_url="/review/bulk/",
        bulk_count=23,
    )
    return replace(whole, **changes)


def bulk_row(number: int, held: str = "") -> pages.BulkRow:
    band, name, amount, day, _, target = PAYMENTS[number]
    key = uuid_of(number)
    return pages.BulkRow(
        key, name or "Unknown payer", eur(amount), date(2026, 11, day), target, name.title(), band, 0.98,
        urls(number).item, "" if held else f"{key}:{key}:v1", held,
    )  # fmt: skip


def bulk(**changes: object) -> pages.BulkPage:
    whole = pages.BulkPage(
        rows=(bulk_row(0), bulk_row(1), bulk_row(3)),
        held=(bulk_row(2, "Nobody has matched a payment of this payer before."),),
        sums=(eur("2059.30"),),
        samples=(single(0), several(4)),
        key=uuid_of(900),
        approve_url="/review/bulk/",
        back_url="/review/",
        lowest=0.98,
        more=True,
    )
    return replace(whole, **changes)


def batch(**changes: object) -> pages.BatchPage:
    rows = (
        pages.BatchRow(
            "Acme Hosting GmbH", eur("1190.00"), "INV-1042", pages.Chip("Waiting", "info"), "/transactions/"
        ),
        pages.BatchRow("Stefan Brandt", eur("833.00"), "INV-1055", pages.Chip("Undone"), "/transactions/"),
    )
    whole = pages.BatchPage(rows, "/review/", f"/review/bulk/{uuid_of(900)}/undo/", 1, 24)
    return replace(whole, **changes)
