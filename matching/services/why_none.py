"""Why a payment has no suggestion, in facts that hold now: what it names, what its payer owes, who owes its amount."""

import re
from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banking.models import BankTransaction
from matching import adapters
from matching.core.memory import payer_name_key
from matching.locks import Receipt
from matching.models import PayerProfile
from payymo.shared import figures
from tenants import days
from whmcs.models import Client, Invoice

_TOKEN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9./-]{0,38}[A-Za-z0-9])?")
_MOST_TOKENS = 20
_MOST_NAMED = 5
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact with its code, worded for a bookkeeper."""

    code: str
    text: str


def why_none(receipt: Receipt) -> tuple[Fact, ...]:
    """Say what speaks against a suggestion: at most six queries, whatever the number of invoices.

    Shape: what the text names first, then the payer, then the amount; empty for money that left the account.
    """
    if receipt.amount <= 0:
        return ()
    return (*_named(receipt), *_payer(receipt), *_amount(receipt))


def _texts(receipt: Receipt) -> str:
    if isinstance(receipt, BankTransaction):
        return f"{receipt.remittance_information} {receipt.structured_reference}"
    return receipt.description


def _named(receipt: Receipt) -> list[Fact]:
    tokens = [token for token in _TOKEN.findall(_texts(receipt)[:2000]) if any(c.isdigit() for c in token)]
    tokens = [token for token in dict.fromkeys(tokens) if len(token) >= 3][:_MOST_TOKENS]
    ids = [int(token) for token in tokens if token.isascii() and token.isdigit() and int(token) <= _LARGEST_ID]
    if not tokens:
        return [Fact("no_number", _("The text holds no invoice number."))]
    wanted = {*tokens, *(token.upper() for token in tokens)}
    rows = Invoice.objects.filter(number__in=wanted) | Invoice.objects.filter(whmcs_id__in=ids)
    found = list(rows.order_by("-pk")[:_MOST_NAMED])
    if not found:
        return [Fact("number_unknown", _("No invoice has a number that the text holds."))]
    return [_about(row, receipt) for row in found]


def _about(invoice: Invoice, receipt: Receipt) -> Fact:
    number = invoice.display_number
    if invoice.currency != receipt.currency:
        text = _("%(number)s is in %(currency)s.") % {"number": number, "currency": invoice.currency}
        return Fact("number_currency", text)
    if invoice.outstanding <= 0 and invoice.status != Invoice.Status.CANCELLED:
        if invoice.paid_at:
            day = figures.day(invoice.paid_at.astimezone(days.zone()).date())
            return Fact("number_paid", _("%(number)s was paid on %(day)s.") % {"number": number, "day": day})
        return Fact("number_paid", _("%s owes nothing any more.") % number)
    if invoice.status not in Invoice.OPEN:
        return Fact(
            "number_status", _("%(number)s is %(status)s.") % {"number": number, "status": invoice.status_in_words}
        )
    difference = invoice.outstanding - receipt.unallocated
    if difference:
        words = _("The amount is %(much)s below %(number)s.") if difference > 0 else _(
            "The amount is %(much)s above %(number)s."
        )  # fmt: skip
        much = figures.money(abs(difference), receipt.currency)
        return Fact("number_amount", words % {"much": much, "number": number})
    return Fact("number_owed", _("%s owes exactly this amount.") % number)


def _payer(receipt: Receipt) -> list[Fact]:
    value = adapters.to_receipt(receipt)
    keys = [value.counterparty_account, payer_name_key(value)[:200]]
    known = (
        PayerProfile.objects.filter(kind__in=["account", "name"], key__in=[key for key in keys if key], hits__gt=0)
        .order_by("-hits", "client")
        .values_list("client", flat=True)
    )
    clients = list(dict.fromkeys(known[:_MOST_NAMED]))
    if not clients:
        return [Fact("payer_new", _("This payer has not paid for a client before."))]
    owing = set(_open().filter(client__in=clients).values_list("client", flat=True))
    return [
        Fact("payer_owes_nothing", _("%s, for whom this payer paid before, owes nothing.") % client.display_name)
        for client in Client.objects.filter(pk__in=set(clients) - owing).order_by("pk")
    ]


def _open() -> QuerySet[Invoice]:
    rows = Invoice.objects.filter(status__in=Invoice.OPEN, is_mass_payment=False, needs_reading=False)
    return rows.filter(balance__gt=F("reserved"))


def _amount(receipt: Receipt) -> list[Fact]:
    equal = _open().filter(currency=receipt.currency, balance=receipt.unallocated + F("reserved"))
    count = len(equal.values_list("pk", flat=True)[:100])
    amount = figures.money(receipt.unallocated, receipt.currency)
    if not count:
        return [Fact("amount_nobody", _("No open invoice owes %s.") % amount)]
    words = ngettext(
        "%(count)d invoice of %(amount)s is open.", "%(count)d invoices of %(amount)s are open: pick one.", count
    )
    return [Fact("amount_several", words % {"count": count, "amount": amount})]
