"""Codes of the engine and of the services, in the words of the screen."""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matching.core.types import NoneReason, ReasonCode
from matching.services.setting_aside import IGNORE_REASONS
from payymo.dashboard.pages import Chip, Choice
from whmcs.models import Invoice, Posting

Words = tuple[str, str]
_Values = Mapping[str, str]


def _number(values: _Values) -> str:
    return values.get("number") or values.get("text") or ""


_REASONS: dict[ReasonCode, Callable[[_Values], Words]] = {
    ReasonCode.NUMBER: lambda v: (_("Invoice number"), _("“%s” is in the reference") % _number(v)),
    ReasonCode.NUMBER_PART: lambda v: (_("Part of a number"), _("“%s” ends like the invoice number") % _number(v)),
    ReasonCode.NUMBER_DAMAGED: lambda v: (
        _("Almost the number"),
        _("“%s” differs from the invoice number in one place") % _number(v),
    ),
    ReasonCode.NUMBER_SETTLED: lambda v: (_("Old number"), _("%s is paid already") % _number(v)),
    ReasonCode.NUMBER_OTHER: lambda v: (_("Other number"), _("%s belongs to another client") % _number(v)),
    ReasonCode.NUMBER_UNCOVERED: lambda v: (_("Number left over"), _("%s is quoted but not paid here") % _number(v)),
    ReasonCode.METADATA: lambda v: (_("Charge data"), _("The charge names this invoice")),
    ReasonCode.CLIENT_NUMBER: lambda v: (_("Client number"), _("The reference holds the client's number")),
    ReasonCode.DOMAIN: lambda v: (_("Domain"), _("%s is on the invoice") % v.get("domain", _("The domain"))),
    ReasonCode.EMAIL: lambda v: (_("E-mail"), _("It is the client's address")),
    ReasonCode.PAYER_ACCOUNT: lambda v: (_("Account"), _("This account has paid for this client before")),
    ReasonCode.PAYER_NAME: lambda v: (_("Payer"), _("The name is the client's")),
    ReasonCode.NAME_IN_TEXT: lambda v: (_("Name in the text"), _("The reference holds the client's name")),
    ReasonCode.PAID_BEFORE: lambda v: (_("Paid before"), _("This payer has paid for this client before")),
    ReasonCode.SAME_TEXT_BEFORE: lambda v: (_("Same text before"), _("This text was matched with this client before")),
    ReasonCode.REJECTED_BEFORE: lambda v: (_("Rejected before"), _("This pairing was turned down")),
    ReasonCode.AMOUNT: lambda v: (_("Amount"), _("Equal to the amount due, to the cent")),
    ReasonCode.AMOUNT_SUM: lambda v: (_("Sum"), _("Equal to the sum of these invoices, to the cent")),
    ReasonCode.AMOUNT_PART: lambda v: (_("Part payment"), _("Less than the amount due")),
    ReasonCode.AMOUNT_REMAINDER: lambda v: (_("Remainder"), _("Equal to what an earlier part payment left")),
    ReasonCode.AMOUNT_OVER: lambda v: (_("Over-payment"), _("More than the amount due")),
    ReasonCode.AMOUNT_LATE_FEE: lambda v: (_("Late fee"), _("The difference looks like a late fee")),
    ReasonCode.AMOUNT_BANK_FEE: lambda v: (_("Bank fee"), _("The difference looks like a bank fee")),
    ReasonCode.AMOUNT_NET_OF_TAX: lambda v: (_("Tax left out"), _("Equal to the amount without tax")),
    ReasonCode.AMOUNT_DISCOUNT: lambda v: (_("Discount"), _("The difference looks like a discount")),
    ReasonCode.AMOUNT_UNDER: lambda v: (_("Short"), _("Less than the amount due")),
    ReasonCode.AMOUNT_COMMON: lambda v: (_("Common amount"), _("Many open invoices have this amount")),
    ReasonCode.EXCHANGE_RATE: lambda v: (_("Exchange rate"), _("Fits the amount at a usual rate")),
    ReasonCode.CURRENCY: lambda v: (_("Currency"), _("The invoice is in another currency")),
    ReasonCode.OLDEST_OPEN: lambda v: (_("Order"), _("The client's oldest open invoice")),
    ReasonCode.TIMING: lambda v: (_("Date"), _("The day fits the due date")),
    ReasonCode.GATEWAY: lambda v: (_("Way of payment"), _("The invoice is to be paid this way")),
    ReasonCode.NOISE_WORDS: lambda v: (_("Words"), _("The text reads like something else")),
    ReasonCode.RULE: lambda v: (_("Rule"), _("“%s” says so") % v.get("rule", "")),
    ReasonCode.RIVAL: lambda v: (_("Another explanation"), _("Another set of invoices fits nearly as well")),
}
_AGAINST: dict[ReasonCode, Words] = {
    ReasonCode.AMOUNT: (gettext_lazy("Amount"), gettext_lazy("Not the amount due")),
    ReasonCode.PAYER_NAME: (gettext_lazy("Payer"), gettext_lazy("The name is not the client's")),
    ReasonCode.RULE: (gettext_lazy("Rule"), gettext_lazy("A rule of yours says otherwise")),
    ReasonCode.TIMING: (gettext_lazy("Date"), gettext_lazy("The day is far from the due date")),
    ReasonCode.OLDEST_OPEN: (gettext_lazy("Order"), gettext_lazy("The client has older open invoices")),
    ReasonCode.GATEWAY: (gettext_lazy("Way of payment"), gettext_lazy("The invoice is to be paid another way")),
}


def reason(code: ReasonCode, agrees: str, values: _Values) -> Words:
    """Return a title and a sentence for a piece of evidence."""
    if agrees == "no" and code in _AGAINST:
        title, text = _AGAINST[code]
        return str(title), str(text)
    return _REASONS[code](values)


_NONE = {
    NoneReason.DEBIT: gettext_lazy("Money that left the account settles no invoice."),
    NoneReason.UNREADABLE_AMOUNT: gettext_lazy("The amount has more decimals than its currency."),
    NoneReason.ZERO_AMOUNT: gettext_lazy("The amount is zero."),
    NoneReason.PENDING: gettext_lazy("The bank has not booked it yet."),
    NoneReason.FAILED: gettext_lazy("The charge failed."),
    NoneReason.PAYOUT: gettext_lazy("This looks like a payout of the card processor."),
    NoneReason.OWN_TRANSFER: gettext_lazy("This looks like a transfer between your own accounts."),
    NoneReason.REFUND: gettext_lazy("This looks like a refund of something you paid."),
    NoneReason.TAX: gettext_lazy("This looks like a tax refund."),
    NoneReason.PAYROLL: gettext_lazy("This looks like payroll."),
    NoneReason.INTEREST: gettext_lazy("This looks like interest."),
    NoneReason.DUPLICATE_DELIVERY: gettext_lazy("The bank delivered this payment twice; the first one counts."),
    NoneReason.PAID_TWICE: gettext_lazy(
        "The invoice it names is paid already. It may be a second payment of one debt."
    ),
    NoneReason.CURRENCY_MISMATCH: gettext_lazy("The invoice it names is in another currency."),
    NoneReason.AMBIGUOUS: gettext_lazy("Several open invoices fit equally well: pick one."),
    NoneReason.NO_CANDIDATE: gettext_lazy("No open invoice fits the amount, the payer or the reference."),
}


def none_reason(code: str) -> str:
    """Say why there is no suggestion."""
    if code == "rejected":
        return _("Every suggestion was rejected. Find the invoice, or say that it pays none.")
    return str(_NONE[NoneReason(code)]) if code in list(NoneReason) else ""


_IGNORE = {
    "own_transfer": gettext_lazy("Transfer between own accounts"),
    "fee": gettext_lazy("Fee or charge"),
    "refund": gettext_lazy("Refund"),
    "private": gettext_lazy("Private"),
    "payroll": gettext_lazy("Payroll"),
    "tax": gettext_lazy("Tax"),
    "other": gettext_lazy("Something else"),
    "returned": gettext_lazy("Returned payment"),
    "debit": gettext_lazy("Money that left the account"),
}


# What Payymo writes beside an approval of its own.
_APPROVED = {
    "booked by WHMCS": gettext_lazy("booked by WHMCS"),
    "booked in WHMCS by hand": gettext_lazy("booked in WHMCS by hand"),
}


def decision_reason(text: str) -> str:
    """Word why something was decided: one of ours in the reader's language, a person's as it was written."""
    return str(_APPROVED.get(text, text))


def ignore_reason(code: str) -> str:
    """Say why a payment is ignored."""
    return str(_IGNORE.get(code, code))


def ignore_choices(suggested: str = "") -> tuple[Choice, ...]:
    """Return the reasons a person may give, the likely one chosen."""
    return tuple(Choice(code, ignore_reason(code), code == suggested) for code in IGNORE_REASONS)


def reject_choices() -> tuple[Choice, ...]:
    """Return usual reasons for a rejection."""
    texts = (_("Wrong client"), _("Wrong invoice of this client"), _("Wrong amount"), _("No invoice payment"))
    return tuple(Choice(text, text) for text in texts)


_TONES = {
    "UNRECONCILED": "info", "PARTLY_ALLOCATED": "warn", "RECONCILED": "ok", "IGNORED": "neutral",
    Posting.State.QUEUED: "info", Posting.State.SENDING: "info", Posting.State.UNKNOWN: "warn",
    Posting.State.POSTED: "ok", Posting.State.RETRYABLE: "warn", Posting.State.CONFLICT: "bad",
    Posting.State.FAILED: "bad", Posting.State.WITHDRAWN: "neutral",
    "Paid": "ok", "Unpaid": "info", "Cancelled": "neutral", "Draft": "neutral", "Refunded": "warn",
    "Collections": "bad", "Payment Pending": "warn",
}  # fmt: skip


def state_chip(code: str, text: str) -> Chip:
    """Show a state of a receipt, a posting or an invoice."""
    return Chip(text, _TONES.get(code, "neutral"))  # type: ignore[arg-type]


def invoice_status(status: str) -> str:
    """Say WHMCS's word for the state of an invoice; one that Payymo does not know is shown as it comes."""
    return str(Invoice.Status(status).label) if status in Invoice.Status.values else status


def link_chip() -> Chip:
    """Show that WHMCS had booked it before."""
    return Chip(_("Booked in WHMCS"), "ok")
