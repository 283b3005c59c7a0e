"""One payment, a bank transaction or a charge, in the values that pages show."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from banking.models import BankTransaction
from matching.core.types import Reason
from matching.locks import Receipt
from payments.models import StripePayment
from payymo.dashboard.links import offer
from payymo.dashboard.pages import Amount, Fact, Marked, ReceiptCard, Span

Reasons = tuple[Reason, ...]


def amount_of(receipt: Receipt) -> Amount:
    """Return what arrived."""
    return Amount(receipt.amount, receipt.currency)


def name_of(receipt: Receipt) -> str:
    """Return the payer's name as the provider gave it, or an empty text."""
    return receipt.counterparty_name if isinstance(receipt, BankTransaction) else receipt.name or receipt.email


def day_of(receipt: Receipt) -> date:
    """Return the day it was booked, or charged as the company's clock has it."""
    if isinstance(receipt, BankTransaction):
        return receipt.booking_date
    return timezone.localtime(receipt.charged_at).date()


def reference_of(receipt: Receipt) -> str:
    """Return the text that came with it."""
    if isinstance(receipt, BankTransaction):
        return receipt.remittance_information or receipt.structured_reference
    return receipt.description


def masked(last4: str) -> str:
    """Show the last four characters of an account."""
    return f"…\u00a0{last4}" if last4 else ""


def marked(text: str, field: str, reasons: Reasons) -> Marked:
    """Mark the parts of a text that reasons speak of."""
    spans = []
    for reason in reasons:
        if reason.agrees == "no":
            continue
        for span in reason.spans:
            if span.field == field:
                spans.append(Span(0, len(text)) if span.start == span.end else Span(span.start, span.end))
    return Marked(text, tuple(spans))


def _bank_facts(row: BankTransaction, reasons: Reasons) -> tuple[Fact, ...]:
    payer = marked(row.counterparty_name, "counterparty_name", reasons)
    account = marked(masked(row.counterparty_last4), "counterparty_account", reasons)
    facts = [
        Fact(_("Booked"), day=row.booking_date),
        Fact(_("Payer"), marked=payer),
        Fact(_("From"), marked=account),
        Fact(
            pgettext("account", "To"),
            text=f"{row.account.name or _('Account')} {masked(row.account.iban_last4)}".strip(),
        ),
        Fact(
            pgettext("beside a value", "Reference"),
            marked=marked(row.remittance_information, "remittance_information", reasons),
            verbatim=True,
        ),
    ]
    if row.structured_reference:
        reference = marked(row.structured_reference, "structured_reference", reasons)
        facts.append(Fact(_("Structured"), marked=reference, verbatim=True))
    if row.end_to_end_id:
        identifier = marked(row.end_to_end_id, "end_to_end_id", reasons)
        facts.append(Fact(_("End-to-end id"), marked=identifier, verbatim=True))
    return tuple(facts)


def _charge_facts(row: StripePayment, reasons: Reasons) -> tuple[Fact, ...]:
    facts = [
        Fact(_("Charged"), day=day_of(row)),
        Fact(_("Payer"), marked=marked(row.name, "counterparty_name", reasons)),
        Fact(_("E-mail"), marked=marked(row.email, "email", reasons)),
        Fact(_("Description"), marked=marked(row.description, "description", reasons), verbatim=True),
    ]
    for key, value in sorted(row.metadata.items())[:4]:
        facts.append(Fact(key, marked=marked(str(value), f"metadata.{key}", reasons), verbatim=True))
    facts.append(Fact(_("Charge"), text=row.charge_id, verbatim=True))
    return tuple(facts)


def card(receipt: Receipt, reasons: Reasons = ()) -> ReceiptCard:
    """Describe the payment, with the marks of one candidate's reasons."""
    if isinstance(receipt, BankTransaction):
        source, facts = _("Bank transaction"), _bank_facts(receipt, reasons)
    else:
        source, facts = _("%s charge") % receipt.gateway.label, _charge_facts(receipt, reasons)
    return ReceiptCard(
        source=source,
        name=name_of(receipt),
        amount=amount_of(receipt),
        amount_marked=amount_is_marked(reasons),
        facts=facts,
        url=offer("transaction", receipt.public_id),
    )


def amount_is_marked(reasons: Reasons) -> bool:
    """Return whether a reason says that the amounts agree."""
    return any(
        span.field in ("receipt.amount", "invoice.amount") and reason.agrees != "no"
        for reason in reasons
        for span in reason.spans
    ) or any(reason.code in ("amount", "amount_sum") and reason.agrees == "yes" for reason in reasons)
