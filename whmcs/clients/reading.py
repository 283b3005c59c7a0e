"""WHMCS's answers turned into frozen types, one function per kind of row."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from payymo.shared.money import UnknownCurrency, check_currency
from whmcs.clients.base import (
    Currency,
    Page,
    RemoteClient,
    RemoteCredit,
    RemoteInvoice,
    RemoteInvoiceSummary,
    RemoteLine,
    RemoteOrder,
    RemoteTransaction,
)
from whmcs.clients.values import UnreadableValue, day, decimal, integer, listed, moment, moment_text, money, text

Row = TypeVar("Row")
Fields = Mapping[str, Any]
# "Credit Applied to Invoice #1", in whatever language the words before the number are.
_INVOICE = re.compile(r"#\s?([1-9][0-9]{0,17})(?![\w-])")


def page(answer: Fields, wrapper: str, element: str, read: Callable[[Fields], Row], *, key: str = "id") -> Page[Row]:
    """Read a list; a row that cannot be understood is named and left out, so that it does not stop the others."""
    held = listed(answer, wrapper, element)
    rows, unreadable = [], []
    for row in held:
        try:
            rows.append(read(row))
        except UnreadableValue as error:
            unreadable.append(f"{element} {str(row.get(key, '?'))[:20]}: {error}")
    total = integer(answer, "totalresults", default=len(held))
    return Page(rows=tuple(rows), received=len(held), total=total, unreadable=tuple(unreadable))


def currency(row: Fields) -> Currency:
    """Read a currency."""
    return Currency(whmcs_id=_id(row, "id"), code=_currency_code(row, "code"), rate=decimal(row, "rate"))


def client(row: Fields) -> RemoteClient:
    """Read a client, from the list or alone."""
    return RemoteClient(
        whmcs_id=_id(row, "id"),
        first_name=text(row, "firstname", limit=120),
        last_name=text(row, "lastname", limit=120),
        company_name=text(row, "companyname", limit=200),
        email=text(row, "email", limit=254),
        status=text(row, "status", limit=20),
        country=text(row, "countrycode", limit=2).upper(),
    )


def summary(row: Fields) -> RemoteInvoiceSummary:
    """Read a row of the list of invoices."""
    return RemoteInvoiceSummary(
        whmcs_id=_id(row, "id"),
        client_whmcs_id=_id(row, "userid"),
        first_name=text(row, "firstname", limit=120),
        last_name=text(row, "lastname", limit=120),
        company_name=text(row, "companyname", limit=200),
        number=text(row, "invoicenum", limit=80),
        currency=_currency_code(row, "currencycode"),
        issue_date=day(row, "date"),
        due_date=day(row, "duedate"),
        paid_at=moment(row, "datepaid"),
        total=money(row, "total"),
        credit=money(row, "credit"),
        status=_status(row),
        payment_method=text(row, "paymentmethod", limit=60),
        updated_at=moment_text(row, "updated_at"),
    )


def invoice(answer: Fields) -> RemoteInvoice:
    """Read one invoice; an unreadable line or booking makes the whole of it unreadable, for the balance needs all."""
    whmcs_id, client_whmcs_id = _id(answer, "invoiceid"), _id(answer, "userid")
    own = {"invoiceid": whmcs_id, "userid": client_whmcs_id}
    return RemoteInvoice(
        whmcs_id=whmcs_id,
        client_whmcs_id=client_whmcs_id,
        number=text(answer, "invoicenum", limit=80),
        issue_date=day(answer, "date"),
        due_date=day(answer, "duedate"),
        paid_at=moment(answer, "datepaid"),
        total=money(answer, "total"),
        credit=money(answer, "credit"),
        balance=money(answer, "balance"),
        status=_status(answer),
        payment_method=text(answer, "paymentmethod", limit=60),
        lines=tuple(line(row) for row in listed(answer, "items", "item")),
        transactions=tuple(transaction({**own, **row}) for row in listed(answer, "transactions", "transaction")),
    )


def line(row: Fields) -> RemoteLine:
    """Read a line of an invoice."""
    return RemoteLine(
        whmcs_id=_id(row, "id"),
        kind=text(row, "type", limit=40),
        related_id=integer(row, "relid", default=0),
        description=text(row, "description", limit=4000),
        amount=money(row, "amount"),
    )


def transaction(row: Fields) -> RemoteTransaction:
    """Read a booking. `userid` is the client's id, whatever its name says."""
    return RemoteTransaction(
        whmcs_id=_id(row, "id"),
        client_whmcs_id=integer(row, "userid", default=0),
        invoice_whmcs_id=integer(row, "invoiceid", default=0),
        gateway=text(row, "gateway", limit=60),
        booked_at=moment_text(row, "date"),
        amount_in=money(row, "amountin"),
        fees=money(row, "fees"),
        amount_out=money(row, "amountout"),
        transaction_id=text(row, "transid", limit=255),
        refunds_whmcs_id=integer(row, "refundid", default=0),
    )


def order(row: Fields) -> RemoteOrder:
    """Read an order; its number may come as a number."""
    return RemoteOrder(
        whmcs_id=_id(row, "id"),
        number=text(row, "ordernum", limit=80),
        client_whmcs_id=integer(row, "userid", default=0),
        invoice_whmcs_id=integer(row, "invoiceid", default=0),
        status=text(row, "status", limit=40),
    )


def credit(row: Fields) -> RemoteCredit:
    """Read a movement of credit. Only its text tells which invoice it is about, and only if it names a single one."""
    description = text(row, "description", limit=500)
    named = set(_INVOICE.findall(description))
    return RemoteCredit(
        whmcs_id=_id(row, "id"),
        booked_on=day(row, "date"),
        description=description,
        amount=money(row, "amount"),
        invoice_whmcs_id=int(named.pop()) if len(named) == 1 else 0,
    )


def _id(row: Fields, name: str) -> int:
    found = integer(row, name)
    if not found:
        raise UnreadableValue(f"{name} is zero")
    return found


def _currency_code(row: Fields, name: str) -> str:
    try:
        return check_currency(text(row, name, limit=10))
    except UnknownCurrency as error:
        raise UnreadableValue(f"{name} is not a currency code") from error


def _status(row: Fields) -> str:
    status = text(row, "status", limit=40)
    if not status:
        raise UnreadableValue("status is empty")
    return status
