"""What a payment may be for: each suggestion with its invoices, its marks and its reasons in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import adapters
from matching.core.types import Reason, ReasonCode
from matching.locks import Receipt
from matching.models import Proposal, ProposalLine
from payymo.dashboard import formats, words
from payymo.dashboard.links import offer
from payymo.dashboard.pages import Amount, CandidateCard, InvoiceLine, ReasonLine
from payymo.dashboard.presenters import receipts
from payymo.dashboard.presenters.stopping import stop_words
from whmcs.models import Invoice

_NOTICEABLE = 0.05


def due_words(due: date | None, today: date) -> str:
    """Say how far a due date is."""
    if due is None:
        return ""
    days = (today - due).days
    if days == 0:
        return _("today")
    if days > 0:
        return ngettext("%d day ago", "%d days ago", days) % days
    return ngettext("in %d day", "in %d days", -days) % -days


def reason_lines(reasons: Iterable[Reason]) -> tuple[ReasonLine, ...]:
    """Word the reasons, strongest first."""
    lines = []
    for reason in sorted(reasons, key=lambda reason: -abs(reason.weight)):
        title, text = words.reason(reason.code, str(reason.agrees), reason.values)
        weight = formats.signed(reason.weight) if abs(reason.weight) >= _NOTICEABLE else ""
        lines.append(ReasonLine(str(reason.agrees), title, text, weight))  # type: ignore[arg-type]
    return tuple(lines)


def whmcs_link(invoice: Invoice, base_url: str) -> str:
    """Return the invoice's page in WHMCS's own admin area."""
    return f"{base_url}/admin/invoices.php?action=edit&id={invoice.whmcs_id}" if base_url else ""


def _status(invoice: Invoice, stops: Mapping[int, date], today: date) -> str:
    said = words.invoice_status(invoice.status)
    return f"{said}, {stop_words(stops[invoice.pk], today)}" if invoice.pk in stops else said


def _invoice_line(
    line: ProposalLine, reasons: tuple[Reason, ...], today: date, base_url: str, stops: Mapping[int, date]
) -> InvoiceLine:
    invoice = line.invoice
    items = "; ".join(each.description for each in list(invoice.lines.all())[:3])
    return InvoiceLine(
        number=receipts.marked(invoice.display_number, "invoice.number", reasons),
        outstanding=Amount(invoice.owed, invoice.currency),
        allocated=Amount(line.amount, invoice.currency),
        due_date=invoice.due_date,
        due_text=due_words(invoice.due_date, today),
        status=_status(invoice, stops, today),
        items=receipts.marked(items, "invoice.text", reasons),
        amount_marked=receipts.amount_is_marked(reasons) and line.amount == invoice.outstanding,
        url=offer("invoice", invoice.public_id),
        whmcs_url=whmcs_link(invoice, base_url),
    )


def _remainder(lines: Sequence[ProposalLine], rest: Decimal, currency: str) -> str:
    """Say what is left of the payment, or what is missing and written off."""
    fee = sum((line.fee for line in lines), Decimal(0))
    if fee:
        return _("%s is missing and written off as a fee, by your rule") % formats.money(Amount(fee, currency))
    return _("%s stays open") % formats.money(Amount(rest, currency)) if rest > 0 else ""


def _rival(proposal: Proposal) -> str:
    """Say what a suggestion was measured against, and which evidence decided."""
    if proposal.rival is None:
        return ""
    rank, chance = proposal.rival["rank"], formats.score(proposal.rival["probability"])
    if rank == 0:
        against = _("Otherwise it settles no invoice (%s)") % chance
    elif rank > proposal.rank:
        against = _("Runner-up: candidate %(rank)d (%(chance)s)") % {"rank": rank, "chance": chance}
    else:
        against = _("Lost to candidate %(rank)d (%(chance)s)") % {"rank": rank, "chance": chance}
    decisive = [
        f"{words.reason(ReasonCode(code), 'yes', {})[0]} ({formats.signed(weight)})"
        for code, weight in proposal.rival["behind"]
    ]
    if not decisive:
        return f"{against}."
    return _("%(against)s; decided by: %(evidence)s.") % {"against": against, "evidence": ", ".join(decisive)}


def candidate(
    receipt: Receipt, proposal: Proposal, today: date, stops: Mapping[int, date] = MappingProxyType({})
) -> CandidateCard:
    """Show one suggestion: its invoices, what they would receive, why, and when a service `stops` with an invoice."""
    reasons = tuple(adapters.reason_from_json(each) for each in proposal.reasons)
    against = tuple(adapters.reason_from_json(each) for each in proposal.why_not)
    lines = sorted(proposal.lines.all(), key=lambda line: line.invoice.whmcs_id)
    first = lines[0].invoice
    clients = {line.invoice.client for line in lines}
    client = next(iter(clients))
    total = sum((line.amount for line in lines), Decimal(0))
    rest = receipt.unallocated - total
    name = client.display_name if len(clients) == 1 else _("%d clients") % len(clients)
    title = first.display_number + (f" +{len(lines) - 1}" if len(lines) > 1 else "")
    base_url = first.instance.base_url
    card = receipts.card(receipt, reasons)
    if rest:
        # Of a payment that leaves something over no amount is equal to another.
        card = replace(card, amount_marked=False)
    return CandidateCard(
        rank=proposal.rank,
        key=str(proposal.public_id),
        title=title,
        lines=tuple(_invoice_line(line, reasons, today, base_url, stops) for line in lines),
        client=receipts.marked(name, "invoice.client", reasons),
        client_note=f"#{client.whmcs_id}" if len(clients) == 1 else "",
        probability=proposal.probability,
        band=proposal.band,  # type: ignore[arg-type]
        receipt=card,
        reasons=reason_lines([*reasons, *against]),
        remainder=_remainder(lines, rest, receipt.currency),
        leaves=rest > 0 and first.currency == receipt.currency,
        rival=_rival(proposal),
        rules=tuple(each["name"] for each in proposal.rules),
        total=Amount(total, first.currency),
    )
