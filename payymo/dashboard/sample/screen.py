"""The sample as the review screen shows it."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from matching.core.types import Candidate, Client, Receipt, Source
from payymo.dashboard import formats, words
from payymo.dashboard.links import link
from payymo.dashboard.pages import (
    Allowed,
    Amount,
    CandidateCard,
    Fact,
    Filters,
    InvoiceLine,
    Panel,
    PanelUrls,
    QueueBand,
    QueuePage,
    QueueRow,
    ReceiptCard,
    ReviewPage,
    UndoBar,
)
from payymo.dashboard.pages import Progress as Shown
from payymo.dashboard.presenters.candidates import due_words, reason_lines
from payymo.dashboard.presenters.receipts import amount_is_marked, marked
from payymo.dashboard.sample.month import CURRENCY, Month
from payymo.dashboard.sample.progress import ACTS, Progress


def _amount(cents: int) -> Amount:
    return Amount(Decimal(cents) / 100, CURRENCY)


def _urls(number: int) -> PanelUrls:
    acts = {act: link("sample_act", number, act) for act in ACTS}
    return PanelUrls(item=link("sample_item", number), panel=link("sample_panel", number), find="", split="", **acts)


def candidates_of(month: Month, number: int, progress: Progress) -> Sequence[Candidate]:
    """Return what is still suggested for a payment."""
    return month.suggestions[number].candidates[progress.rejected.get(number, 0) :]


def _receipt_card(receipt: Receipt, reasons: tuple) -> ReceiptCard:  # type: ignore[type-arg]
    is_bank = receipt.source is Source.BANK
    text, name = (
        (receipt.remittance_information, "remittance_information") if is_bank else (receipt.description, "description")
    )
    facts = (
        Fact(_("Booked") if is_bank else _("Charged"), day=receipt.booking_date),
        Fact(_("Payer"), marked=marked(receipt.counterparty_name, "counterparty_name", reasons)),
        Fact(_("Reference") if is_bank else _("Description"), marked=marked(text, name, reasons), verbatim=True),
    )
    source = _("Bank transaction") if is_bank else _("%s charge") % "Stripe"
    return ReceiptCard(
        source, receipt.counterparty_name, _amount(receipt.amount_minor), amount_is_marked(reasons), facts
    )


def _name_of(client: Client) -> str:
    return client.company_name or f"{client.first_name} {client.last_name}"


def _candidate(month: Month, receipt: Receipt, rank: int, candidate: Candidate, today: date) -> CandidateCard:
    reasons = candidate.reasons
    lines = []
    for share in candidate.allocations:
        invoice = month.invoices[share.invoice_id]
        lines.append(
            InvoiceLine(
                number=marked(invoice.numbers[0], "invoice.number", reasons),
                outstanding=_amount(invoice.outstanding_minor),
                allocated=_amount(share.amount_minor),
                due_date=invoice.due_date,
                due_text=due_words(invoice.due_date, today),
                status=words.invoice_status("Unpaid"),
                items=marked("; ".join(invoice.texts), "invoice.text", reasons),
                amount_marked=amount_is_marked(reasons) and share.amount_minor == invoice.outstanding_minor,
            )
        )
    first = month.invoices[candidate.allocations[0].invoice_id]
    client = month.clients[first.client_id]
    total = sum(share.amount_minor for share in candidate.allocations)
    return CandidateCard(
        rank=rank,
        key=str(rank),
        title=first.numbers[0] + (f" +{len(lines) - 1}" if len(lines) > 1 else ""),
        lines=tuple(lines),
        client=marked(_name_of(client), "invoice.client", reasons),
        client_note=f"#{client.id}",
        probability=candidate.probability,
        band=candidate.band.value,
        receipt=_receipt_card(receipt, reasons),
        reasons=reason_lines([*reasons, *candidate.why_not]),
        total=_amount(total),
    )


def panel(month: Month, number: int, progress: Progress, *, today: date, may_decide: bool) -> Panel:
    """Show one invented payment."""
    receipt, suggestion = month.receipts[number], month.suggestions[number]
    found = candidates_of(month, number, progress)
    cards = tuple(_candidate(month, receipt, rank, each, today) for rank, each in enumerate(found, start=1))
    amount = _amount(receipt.amount_minor)
    reason = "rejected" if number in progress.rejected and not cards else suggestion.none_reason or ""
    is_open = number not in progress.decided
    return Panel(
        receipt_id=receipt.id,
        title_name=receipt.counterparty_name,
        amount=amount,
        left=amount,
        receipt=_receipt_card(receipt, ()),
        candidates=cards,
        urls=_urls(number),
        allowed=Allowed(decide=may_decide and is_open, approve=may_decide and is_open and bool(cards)),
        version="sample",
        key=f"sample-{number}",
        summary=_("%(amount)s from %(name)s") % {"amount": formats.money(amount), "name": receipt.counterparty_name},
        none_text=words.none_reason(reason) if reason else "",
        state="" if is_open else _("Decided"),
        hold_until=(today + timedelta(days=7)).isoformat(),
        ignore_reasons=words.ignore_choices(""),
        reject_reasons=words.reject_choices(),
    )


def row(month: Month, number: int, progress: Progress, current: int | None = None) -> QueueRow:
    """Show one line of the queue."""
    receipt = month.receipts[number]
    found = candidates_of(month, number, progress)
    names = [month.invoices[share.invoice_id].numbers[0] for share in found[0].allocations] if found else []
    return QueueRow(
        receipt_id=receipt.id,
        name=receipt.counterparty_name,
        amount=_amount(receipt.amount_minor),
        day=receipt.booking_date,
        reference=receipt.remittance_information or receipt.description,
        target=names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "") if names else "",
        band=found[0].band.value if found else "none",
        url=_urls(number).item,
        panel_url=_urls(number).panel,
        current=number == current,
    )


def _queue(month: Month, progress: Progress, current: int | None) -> QueuePage:
    rows = [row(month, number, progress, current) for number in progress.left(month)]
    bands = ((band, tuple(members)) for band, members in groupby(rows, key=lambda each: each.band))
    return QueuePage(tuple(QueueBand(band, len(members), members) for band, members in bands))


def shown(month: Month, progress: Progress) -> Shown:
    """Say how much of the sample is left."""
    left = progress.left(month)
    total = sum(receipt.amount_minor for receipt in month.receipts.values())
    open_now = sum(month.receipts[number].amount_minor for number in left)
    percent = 100 * (total - open_now) // total
    return Shown(len(left), len(progress.decided), ((_amount(open_now), _amount(total)),), percent)


def undo_bar(progress: Progress) -> UndoBar | None:
    """Offer to take the last decision back."""
    if not progress.decided:
        return None
    return UndoBar(
        _("Decided, with sample data."), 0, link("sample_undo", progress.decided[-1]), _("Nothing is posted.")
    )


def page(month: Month, progress: Progress, *, number: int | None, today: date, may_decide: bool) -> ReviewPage:
    """Show the whole screen, with this payment or the first."""
    left = progress.left(month)
    current = number if number is not None else left[0] if left else None
    return ReviewPage(
        queue=_queue(month, progress, current),
        panel=panel(month, current, progress, today=today, may_decide=may_decide) if current else None,
        progress=shown(month, progress),
        filters=Filters(has_search=False, clear_url=link("sample")),
        base_url=link("sample"),
        status_url=link("sample_status"),
        undo=undo_bar(progress),
        item=number is not None,
        empty="" if left else "done",
    )
