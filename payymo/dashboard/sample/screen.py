"""The sample as the review screen shows it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from matching.core.types import Candidate, Receipt, Source
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
from payymo.dashboard.presenters.review import rest_choices
from payymo.dashboard.sample.by_hand import client_name
from payymo.dashboard.sample.month import CURRENCY, Month
from payymo.dashboard.sample.progress import ACTS, Progress


def _amount(cents: int) -> Amount:
    return Amount(Decimal(cents) / 100, CURRENCY)


def _urls(number: int) -> PanelUrls:
    acts = {act: link("sample_act", number, act) for act in ACTS}
    by_hand = {"find": link("sample_find", number), "split": link("sample_split", number)}
    return PanelUrls(item=link("sample_item", number), panel=link("sample_panel", number), **by_hand, **acts)


def _receipt_card(receipt: Receipt, reasons: tuple) -> ReceiptCard:  # type: ignore[type-arg]
    is_bank = receipt.source is Source.BANK
    text, name = (
        (receipt.remittance_information, "remittance_information") if is_bank else (receipt.description, "description")
    )
    facts = (
        Fact(_("Booked") if is_bank else _("Charged"), day=receipt.booking_date),
        Fact(_("Payer"), marked=marked(receipt.counterparty_name, "counterparty_name", reasons)),
        Fact(
            pgettext("beside a value", "Reference") if is_bank else _("Description"),
            marked=marked(text, name, reasons),
            verbatim=True,
        ),
    )
    source = _("Bank transaction") if is_bank else _("%s charge") % "Stripe"
    return ReceiptCard(
        source, receipt.counterparty_name, _amount(receipt.amount_minor), amount_is_marked(reasons), facts
    )


def _candidate(month: Month, receipt: Receipt, rank: int, candidate: Candidate, today: date) -> CandidateCard:
    reasons = candidate.reasons
    card = _receipt_card(receipt, reasons)
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
    total = sum(share.amount_minor for share in candidate.allocations)
    rest = receipt.amount_minor - total
    return CandidateCard(
        rank=rank,
        key=str(rank),
        title=first.numbers[0] + (f" +{len(lines) - 1}" if len(lines) > 1 else ""),
        lines=tuple(lines),
        client=marked(client_name(month, first), "invoice.client", reasons),
        client_note=f"#{first.client_id}",
        probability=candidate.probability,
        band=candidate.band.value,
        receipt=replace(card, amount_marked=card.amount_marked and not rest),
        reasons=reason_lines([*reasons, *candidate.why_not]),
        remainder=_("%s stays open") % formats.money(_amount(rest)) if rest else "",
        leaves=rest > 0,
        total=_amount(total),
    )


def panel(month: Month, number: int, progress: Progress, *, today: date, may_decide: bool) -> Panel:
    """Show one invented payment."""
    receipt, suggestion = month.receipts[number], month.suggestions[number]
    found = progress.candidates(month, number)
    rest = month.rest_of(number)
    cards = tuple(_candidate(month, rest, rank, each, today) for rank, each in enumerate(found, start=1))
    amount, left = _amount(receipt.amount_minor), _amount(month.left[number])
    reason = "rejected" if suggestion.candidates and not cards else suggestion.none_reason or ""
    is_open = number not in progress.closed
    can = may_decide and is_open
    return Panel(
        receipt_id=receipt.id,
        title_name=receipt.counterparty_name,
        amount=amount,
        left=left if is_open else amount,
        receipt=_receipt_card(receipt, ()),
        candidates=cards,
        urls=_urls(number),
        allowed=Allowed(decide=can, approve=can and bool(cards), find=can, split=can),
        version="sample",
        key=f"sample-{number}",
        summary=_("%(amount)s from %(name)s") % {"amount": formats.money(amount), "name": receipt.counterparty_name},
        none_text=words.none_reason(reason) if reason and is_open else "",
        case=str(month.cases[number]),
        state="" if is_open else _("Decided"),
        hold_until=(today + timedelta(days=7)).isoformat(),
        ignore_reasons=words.ignore_choices(""),
        reject_reasons=words.reject_choices(),
        rest_uses=rest_choices() if is_open and any(each.leaves for each in cards) else (),
    )


def row(month: Month, number: int, progress: Progress, current: int | None = None) -> QueueRow:
    """Show one line of the queue."""
    receipt = month.receipts[number]
    found = progress.candidates(month, number)
    left, whole = _amount(month.left[number]), _amount(receipt.amount_minor)
    names = [month.invoices[share.invoice_id].numbers[0] for share in found[0].allocations] if found else []
    return QueueRow(
        receipt_id=receipt.id,
        name=receipt.counterparty_name,
        amount=left,
        whole=whole if whole != left else None,
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
    open_now = sum(month.left[number] for number in left)
    share = Decimal(total - open_now) / total
    return Shown(len(left), len(progress.closed), ((_amount(open_now), _amount(total)),), share)


def undo_bar(progress: Progress) -> UndoBar | None:
    """Offer to take the last decision back."""
    if not progress.acts:
        return None
    undo = link("sample_undo", progress.acts[-1].number)
    return UndoBar(_("Decided, with sample data."), 0, undo, _("Nothing is posted."))


def page(
    month: Month, progress: Progress, *, number: int | None, today: date, may_decide: bool, shows: Panel | None = None
) -> ReviewPage:
    """Show the whole screen, with this payment or the first; `shows` replaces its panel."""
    left = progress.left(month)
    current = number if number is not None else left[0] if left else None
    if shows is None and current is not None:
        shows = panel(month, current, progress, today=today, may_decide=may_decide)
    return ReviewPage(
        queue=_queue(month, progress, current),
        panel=shows,
        progress=shown(month, progress),
        filters=Filters(has_search=False, clear_url=link("sample")),
        base_url=link("sample"),
        status_url=link("sample_status"),
        undo=undo_bar(progress),
        item=number is not None,
        empty="" if left else "done",
    )
