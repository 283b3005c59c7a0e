"""Finding an invoice for a sample payment, and splitting one over several: typed, read and ranked as on real data."""

from dataclasses import dataclass
from decimal import Decimal

from django.http import QueryDict

from matching.core import finding
from matching.core.types import OpenInvoice
from payymo.dashboard.amounts import read_amount
from payymo.dashboard.pages import Amount, FindPanel, FindResult, SplitPanel
from payymo.dashboard.presenters.candidates import reason_lines
from payymo.dashboard.presenters.split import Split, read
from payymo.dashboard.sample.month import CURRENCY, Month
from payymo.dashboard.sample.progress import Share
from payymo.shared.money import UnreadableAmount, exponent

_NEAR, _MOST_REASONS = Decimal("0.05"), 4


@dataclass(frozen=True, slots=True)
class _Client:
    display_name: str


@dataclass(frozen=True, slots=True)
class _Owed:
    pk: int
    public_id: str
    display_number: str
    outstanding: Decimal
    currency: str
    client: _Client


def client_name(month: Month, invoice: OpenInvoice) -> str:
    """Return who is billed."""
    client = month.clients[invoice.client_id]
    return client.company_name or f"{client.first_name} {client.last_name}"


def find(month: Month, number: int, text: str) -> FindPanel:
    """Return the open invoices that the words name, best first."""
    return FindPanel(q=text, results=_results(month, number, text), searched=bool(text))


def _results(month: Month, number: int, text: str, *, besides: frozenset[str] = frozenset()) -> tuple[FindResult, ...]:
    words = [word for word in text.split() if word[0] not in "=~"]
    amounts = [word for word in text.split() if word[0] in "=~"]
    rows = [
        each
        for each in month.invoices.values()
        if text
        and each.outstanding_minor
        and str(each.id) not in besides
        and all(finding.fit(word, month.clients[each.client_id], each) for word in words)
        and all(_is_about(word, each, month.left[number]) for word in amounts)
    ]
    ranked = finding.rank(" ".join(words), month.rest_of(number), month.book, rows)
    return tuple(_result(month, each) for each in ranked)


def _is_about(word: str, invoice: OpenInvoice, left: int) -> bool:
    try:
        wanted = read_amount(word[1:], CURRENCY) if word[1:] else Decimal(left) / 100
    except UnreadableAmount:
        return False
    apart = wanted * _NEAR if word[0] == "~" else Decimal(0)
    return abs(Decimal(invoice.outstanding_minor) / 100 - wanted) <= apart


def _result(month: Month, found: finding.Found) -> FindResult:
    invoice = month.invoices[found.invoice_id]
    return FindResult(
        key=str(invoice.id),
        number=invoice.numbers[0],
        client=client_name(month, invoice),
        outstanding=Amount(Decimal(invoice.outstanding_minor) / 100, CURRENCY),
        due_date=invoice.due_date,
        items="; ".join(invoice.texts),
        reasons=reason_lines((*found.reasons, *found.against))[:_MOST_REASONS],
    )


def typed(month: Month, number: int, sent: QueryDict, *, suggested: tuple[int, ...]) -> Split:
    """Read the rows of the editor; with none, it begins with the invoices that are suggested."""
    keys = [name.removeprefix("amount-") for name in sent if name.startswith("amount-")] + sent.getlist("invoice")
    wanted = dict.fromkeys(keys or map(str, suggested))
    rows = [_owed(month, int(key)) for key in wanted if key.isdecimal() and int(key) in month.invoices]
    return read(rows, sent, currency=CURRENCY, holds=Decimal(month.left[number]) / 100)


def _owed(month: Month, place: int) -> _Owed:
    invoice = month.invoices[place]
    outstanding = Decimal(invoice.outstanding_minor) / 100
    return _Owed(place, str(place), invoice.numbers[0], outstanding, CURRENCY, _Client(client_name(month, invoice)))


def shares(rows: Split) -> tuple[Share, ...]:
    """Return what the rows give, in cents."""
    return tuple((line.invoice_id, int(line.amount * 100), int(line.fee * 100)) for line in rows.lines)


def editor(month: Month, number: int, sent: QueryDict, rows: Split) -> SplitPanel:
    """Show the editor with what was typed."""
    q = sent.get("q", "").strip()[:100]
    taken = frozenset(row.key for row in rows.rows)
    return SplitPanel(
        rows=rows.rows,
        unallocated=Amount(rows.left, CURRENCY),
        digits=exponent(CURRENCY),
        q=q,
        results=_results(month, number, q, besides=taken),
    )
