"""Invented page objects: every component of the dashboard in its states, for rendering tests and screenshots."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django import forms

from payymo.dashboard import pages
from payymo.dashboard.formats import moment
from payymo.dashboard.pages import (
    Amount,
    BandName,
    CandidateCard,
    Chip,
    Choice,
    Event,
    Fact,
    FilterChip,
    Filters,
    FilterSelect,
    InvoiceLine,
    Marked,
    Moment,
    Pager,
    Panel,
    PanelUrls,
    QueueRow,
    ReasonLine,
    ReceiptCard,
    Span,
)

NOW = datetime(2026, 11, 14, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
MATCHED, WAITING = Chip("Matched", "ok"), Chip("To review", "info")


def eur(text: str) -> Amount:
    return Amount(Decimal(text), "EUR")


def ago(**apart: float) -> Moment:
    return moment(NOW - timedelta(**apart), NOW)


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def shell(active: pages.Section = "review", **changes: object) -> pages.Shell:
    whole = pages.Shell(
        tenant_name="Northhost GmbH",
        user_name="Ana Petrova",
        user_email="ana@northhost.example",
        role="Owner",
        active=active,
        review_count=41,
        can_import=True,
        can_configure=True,
        feed=Chip("All running", "ok"),
    )
    return replace(whole, **changes)


# --- Review -----------------------------------------------------------------------------------------------------------
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
    acts = ("approve", "reject", "hold", "ignore", "find", "split")
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
    )


def queue(current: int | None = 0, without: frozenset[int] = frozenset()) -> pages.QueuePage:
    bands = []
    for band, extra in (("exact", 19), ("likely", 7), ("possible", 4), ("none", 1)):
        numbers = [n for n, payment in enumerate(PAYMENTS) if payment[0] == band and n not in without]
        rows = tuple(queue_row(n, current) for n in numbers)
        if rows:
            bands.append(pages.QueueBand(band, len(rows) + extra, rows))
    return pages.QueuePage(tuple(bands), next_url="/review/queue/?cursor=2", next_page_url="/review/?cursor=2")


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
        receipt=receipt(number, marked=False),
        candidates=candidates,
        urls=urls(number),
        allowed=pages.Allowed(decide=True, approve=True, find=True, split=True),
        version="v1",
        key=uuid_of(700 + number),
        summary=f"{amount} EUR from {name}",
        none_text="" if candidates else "No open invoice has this amount, and no number is quoted.",
        hold_until="2026-11-21",
        ignore_reasons=(Choice("own_transfer", "Own transfer"), Choice("fee", "Bank fee"), Choice("other", "Other")),
        reject_reasons=(Choice("", "No reason"), Choice("wrong_client", "Wrong client")),
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


PROGRESS = pages.Progress(41, 96, ((eur("12430.50"), eur("98200.00")),), 87)
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
    )
    return replace(whole, **changes)


# --- Records ----------------------------------------------------------------------------------------------------------
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
        open_money=(pages.OpenMoney(eur("12430.50"), eur("98200.00"), 41, 87),),
        bands=tuple(
            pages.BandCount(band, count, f"/review/?band={band}")
            for band, count in (("exact", 23), ("likely", 9), ("possible", 6), ("none", 3))
        ),
        figures=(
            pages.Figure("Decided today", "96", "71 by a person, 25 automatic"),
            pages.Figure("Posted in WHMCS", "93", "3 waiting for the undo time"),
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
    )
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
    whole = pages.TransactionsPage(rows, FILTERS, Pager("/transactions/?cursor=2", "/transactions/"))
    return replace(whole, **changes)


def transaction() -> pages.TransactionPage:
    allocations = (
        pages.AllocationRow("INV-1029", "Northwind Ltd", eur("180.00"), "Ana Petrova", ago(seconds=40),
                            Chip("Waiting", "info"), "posts in 24 s", "/invoices/", "/review/undo/x/"),
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
    whole = pages.InvoicesPage(rows, replace(FILTERS, chips=()), Pager("/invoices/?cursor=2"), ago(minutes=5))
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
    rows = (
        pages.PayoutRow("po_1QxAcme0014", date(2026, 11, 13), 38, eur("2402.10"), eur("-71.55"), eur("-20.00"),
                        eur("2310.55"), Chip("Found", "ok"), "N26 Business, 13 Nov", "/transactions/"),
        pages.PayoutRow("po_1QwAcme0013", date(2026, 11, 16), 1, eur("49.00"), eur("-1.03"), eur("0"),
                        eur("47.97"), Chip("In transit", "info")),
    )  # fmt: skip
    whole = pages.PayoutsPage(rows, replace(FILTERS, chips=()), Pager())
    return replace(whole, **changes)


def activity(**changes: object) -> pages.ActivityPage:
    whole = pages.ActivityPage(EVENTS, replace(FILTERS, chips=()), Pager("/activity/?cursor=2"))
    return replace(whole, **changes)


# --- Connections, imports, settings, sign-in --------------------------------------------------------------------------
TILES = (
    pages.ProviderTile(
        "whmcs", "WHMCS", "Clients and invoices are read, payments are booked.", 1, "/connections/whmcs/new/"
    ),
    pages.ProviderTile(
        "bank", "Bank", "Open banking: accounts, balances and transactions.", 1, "/connections/bank/new/"
    ),
    pages.ProviderTile("stripe", "Stripe", "Charges, refunds, disputes and payouts.", 0, "/connections/stripe/new/"),
)


def connections(**changes: object) -> pages.ConnectionsPage:
    accounts = (
        pages.AccountLine("Main account", "DE89 … 3000", "EUR", eur("48213.77"), "/transactions/"),
        pages.AccountLine("Reserve", "DE12 … 9911", "EUR"),
    )
    cards = (
        pages.ConnectionCard("bank", "N26 Business", "Open banking, 2 accounts", Chip("Running", "ok"), ago(minutes=5),
                             ago(hours=-3), "3 of 4", "12 Feb 2027, 90 days left", 50, "", accounts, (),
                             "/c/1/sync/", "/c/1/renew/", "/c/1/remove/"),
        pages.ConnectionCard("bank", "Rabobank Zakelijk", "Open banking, 1 account", Chip("Consent ends soon", "warn"),
                             ago(hours=9), ago(hours=-1), "0 of 4", "21 Nov 2026, 7 days left", 8, "", (), (),
                             "/c/4/sync/", "/c/4/renew/", "/c/4/remove/"),
        pages.ConnectionCard("whmcs", "billing.northhost.example", "WHMCS 8.13, EUR", Chip("Not answering", "bad"),
                             ago(hours=2), ago(minutes=-4), last_error="WHMCS answered with a maintenance page instead "
                             "of data. Nothing was lost; it is tried again every few minutes.",
                             facts=(Fact("Open invoices", text="412"),), sync_url="/c/2/sync/", remove_url="/c/2/remove/"),
        pages.ConnectionCard("stripe", "Stripe acct_1NorthHost", "Restricted key … 7Kq2", Chip("Running", "ok"),
                             ago(minutes=2), None, sync_url="/c/3/sync/", remove_url="/c/3/remove/"),
    )  # fmt: skip
    return replace(pages.ConnectionsPage(TILES, cards), **changes)


class WhmcsForm(forms.Form):
    name = forms.CharField(label="Name", initial="Northhost billing")
    url = forms.URLField(label="Address of WHMCS", help_text="As you open it in the browser, with https.")
    identifier = forms.CharField(label="API identifier")
    secret = forms.CharField(label="API secret", widget=forms.PasswordInput, help_text="Kept encrypted, never shown.")


class StripeForm(forms.Form):
    restricted_key = forms.CharField(label="Restricted key", widget=forms.PasswordInput)
    webhook_secret = forms.CharField(label="Webhook secret", required=False, widget=forms.PasswordInput)


class UploadForm(forms.Form):
    file = forms.FileField(label="Statement file")
    account = forms.ChoiceField(label="Account", choices=[("1", "N26 Business · … 3000")])


class MappingForm(forms.Form):
    delimiter = forms.ChoiceField(label="Columns are separated by", choices=[(";", "Semicolon"), (",", "Comma")])
    booking_date = forms.ChoiceField(label="Booking date", choices=[("0", "Buchungstag")])
    amount = forms.ChoiceField(label="Amount", choices=[("3", "Betrag")])
    has_header = forms.BooleanField(label="The first row holds the names", required=False)


class PolicyForm(forms.Form):
    is_on = forms.BooleanField(label="Approve certain payments automatically", required=False)
    bands = forms.MultipleChoiceField(
        label="Which suggestions",
        choices=[("exact", "Exact"), ("likely", "Likely")],
        widget=forms.CheckboxSelectMultiple,
    )
    largest_amount = forms.DecimalField(label="Largest amount", required=False, help_text="Above it a person decides.")


class SignInForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


def connect_form(*, filled: bool = False) -> pages.ConnectFormPage:
    form = WhmcsForm({"name": "Northhost", "url": "no address"}) if filled else WhmcsForm()
    return pages.ConnectFormPage(
        "whmcs", "Connect WHMCS", "Payymo reads clients and invoices, and books payments you approved.", form,
        "Test and connect",
        ("In WHMCS, open Configuration, System settings, API credentials.", "Create a role that may read invoices.",
         "Generate credentials for it and copy both parts."),
        "/connections/", "WHMCS did not answer at this address. Nothing was saved." if filled else "",
    )  # fmt: skip


def bank(step: str = "bank") -> pages.BankPage:
    countries = (Choice("DE", "Germany", True), Choice("NL", "Netherlands"))
    banks = tuple(pages.Institution(f"BANK_{n}", name, "90 days of history") for n, name in enumerate(
        ["Commerzbank", "Deutsche Bank", "GLS Bank", "ING-DiBa", "N26 Business", "Sparkasse Köln", "Volksbank Bonn"]))  # fmt: skip
    if step == "country":
        return pages.BankPage(countries, cancel_url="/connections/")
    if step == "consent":
        return pages.BankPage(countries, (), "DE", "", "N26 Business", "https://bank.example/consent", 90,
                              cancel_url="/connections/")  # fmt: skip
    if step == "credentials":
        return pages.BankPage(countries, credentials=WhmcsForm(), cancel_url="/connections/")
    return pages.BankPage(countries, banks, "DE", cancel_url="/connections/", error="The bank refused the request.")


def imports(**changes: object) -> pages.ImportsPage:
    rows = (
        pages.ImportRow("/imports/1/", "kontoauszug_2026-11.xml", "CAMT.053", "Main · … 3000", ago(hours=1), "Ana Petrova",
                        212, 38, 0, Chip("Imported", "ok")),
        pages.ImportRow("/imports/2/", "umsaetze.csv", "CSV", "", ago(hours=2), "Tom Weber", 0, 0, 3, Chip("To map", "info")),
    )  # fmt: skip
    return replace(pages.ImportsPage(rows, "/imports/?cursor=2", "/imports/new/"), **changes)


def import_page(step: str) -> pages.ImportPage:
    rows = (
        pages.PreviewRow(4, "new", "14 Nov 2026", "Acme Hosting GmbH", "INV-1042", eur("1190.00")),
        pages.PreviewRow(5, "known", "14 Nov 2026", "MUELLER, J.", "RE 1038", eur("49.00"), "already imported"),
        pages.PreviewRow(6, "pending", "14 Nov 2026", "Globex BV", "", eur("598.80"), "not booked yet"),
        pages.PreviewRow(7, "refused", note="“abc” is not an amount"),
    )
    proofs = (
        pages.Proof(eur("47023.77"), eur("1190.00"), eur("48213.77"), True),
        pages.Proof(eur("1.00"), eur("2.00"), eur("4.00"), False, "1.00 EUR is missing."),
    )
    whole = pages.ImportPage("umsaetze.csv", "CSV", "Main · … 3000", Chip("To check", "info"), "preview",
                             facts=(Fact("Uploaded", moment=ago(minutes=2)), Fact("Size", text="18 kB")))  # fmt: skip
    if step == "map":
        sample = (("Buchungstag", "Name", "Verwendungszweck", "Betrag"), ("14.11.2026", "Acme", "INV-1042", "1.190,00"))
        return replace(
            whole, step="map", mapping=MappingForm({"amount": "9"}), sample=sample, map_url="/imports/1/map/"
        )
    if step == "failed":
        return replace(whole, step="failed", error="Line 3: two currencies in one statement. Nothing was saved.")
    done = {"result_url": "/transactions/?import=1"} if step == "done" else {
        "commit_url": "/imports/1/commit/", "discard_url": "/imports/1/discard/"}  # fmt: skip
    return replace(
        whole, step=step, rows=rows, rows_more=208, new=212, known=38, refused=1, pending=1, proofs=proofs, **done
    )


def matching_settings() -> pages.MatchingSettingsPage:
    return pages.MatchingSettingsPage(
        PolicyForm({"bands": ["wrong"]}), True, pages.Forecast(30, 312, 388, 0), EVENTS[:2], True
    )


def sign_in(**changes: object) -> pages.SignInPage:
    whole = pages.SignInPage("Northhost GmbH", SignInForm(), "/review/", "", "Demo: owner@acme.example")
    return replace(whole, **changes)
