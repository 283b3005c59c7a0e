"""The columns of the record lists: what each is called, which order the list and which a person hides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payymo.dashboard import ordering
from payymo.dashboard.links import link
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import Choice, Head, Table


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list. Shape: one that is `fixed` is always shown; `falls` says which way its link orders first."""

    name: str
    label: str | Promise
    sorts: bool = False
    is_number: bool = False
    fixed: bool = False
    falls: bool = True
    kind: type[ordering.Value] = date


COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "transactions": (
        Column("date", _("Date"), sorts=True),
        Column("payer", _("Payer"), fixed=True),
        Column("matched", _("Matched to")),
        Column("state", _("State")),
        Column("amount", _("Amount"), sorts=True, is_number=True, fixed=True, kind=Decimal),
    ),
    "invoices": (
        Column("number", _("Invoice"), sorts=True, fixed=True, kind=int),
        Column("client", _("Client")),
        Column("due", _("Due"), sorts=True, falls=False),
        Column("state", _("State")),
        Column("total", _("Total"), sorts=True, is_number=True, kind=Decimal),
        Column("outstanding", _("Outstanding"), sorts=True, is_number=True, fixed=True, kind=Decimal),
    ),
    "payouts": (
        Column("arrives", _("Arrives"), sorts=True, fixed=True),
        Column("payout", _("Payout")),
        Column("gross", _("Gross"), is_number=True),
        Column("fees", _("Fees"), is_number=True),
        Column("returned", _("Refunds, disputes"), is_number=True),
        Column("adjusted", _("Adjustments"), is_number=True),
        Column("net", _("Paid out"), sorts=True, is_number=True, fixed=True, kind=Decimal),
        Column("bank", _("Bank")),
    ),
    "payers": (
        Column("payer", _("Payer"), fixed=True),
        Column("client", _("Pays for")),
        Column("hits", _("Matched"), sorts=True, is_number=True, kind=int),
        Column("rejections", _("Rejected"), sorts=True, is_number=True, kind=int),
        Column("seen", _("Last seen"), sorts=True),
        Column("state", _("State")),
    ),
    "postings": (
        Column("number", _("Invoice"), fixed=True),
        Column("state", _("State")),
        Column("approved", _("Approved"), sorts=True, kind=int),
        Column("amount", _("Amount"), sorts=True, is_number=True, fixed=True, kind=Decimal),
    ),
    "returns": (
        Column("payment", _("Payment"), fixed=True),
        Column("source", _("Money taken back")),
        Column("day", _("Went back"), sorts=True),
        Column("noticed", _("Noticed"), sorts=True, kind=int),
        Column("amount", _("Amount"), sorts=True, is_number=True, fixed=True, kind=Decimal),
        Column("steps", _("What to do"), fixed=True),
    ),
    "imports": (
        Column("file", _("File"), fixed=True),
        Column("account", _("Account")),
        Column("uploaded", _("Uploaded"), sorts=True, kind=int),
        Column("new", _("New"), is_number=True),
        Column("known", _("Known"), is_number=True),
        Column("refused", _("Refused"), is_number=True),
        Column("state", _("State")),
    ),
    # Their order is what they mean, so nothing else orders them.
    "rules": (
        Column("order", _("Order"), is_number=True),
        Column("rule", _("Rule"), fixed=True),
        Column("hits", _("Hits"), is_number=True),
        Column("wrong", _("Wrong"), is_number=True),
        Column("run", _("Last run")),
        Column("state", _("State")),
    ),
}


def cookie_of(name: str) -> str:
    """Return the cookie in which this browser keeps what it hides of a list."""
    return f"payymo_columns_{name}"


def hidden_of(name: str, shown: list[str]) -> str:
    """Return the cookie's value for a choice of columns; what is fixed and what is unknown is left out."""
    return ".".join(each.name for each in COLUMNS[name] if not each.fixed and each.name not in shown)


def kind_of(name: str, order: Order) -> type[ordering.Value]:
    """Return what the values of the ordering column are."""
    return next(each.kind for each in COLUMNS[name] if each.name == order.column)


def asked(request: HttpRequest, name: str, *, default: Order) -> Order:
    """Return the order in which a list is asked for."""
    return ordering.asked(request, {each.name: each for each in COLUMNS[name] if each.sorts}, default=default)


def table(request: HttpRequest, name: str, order: Order | None = None) -> Table:
    """Build the heads of a list and the menu of its columns; one without an order has no links."""
    kept = request.COOKIES.get(cookie_of(name), "").split(".")
    hidden = frozenset(each.name for each in COLUMNS[name] if not each.fixed and each.name in kept)
    heads = tuple(
        Head(
            label=str(each.label),
            url=ordering.link_of(request, each.name, order, falls_first=each.falls) if order and each.sorts else "",
            direction=("descending" if order.falls else "ascending") if order and each.name == order.column else "",
            is_number=each.is_number,
        )
        for each in COLUMNS[name]
        if each.name not in hidden
    )
    choices = tuple(
        Choice(each.name, str(each.label), each.name not in hidden) for each in COLUMNS[name] if not each.fixed
    )
    return Table(
        heads=heads, hidden=hidden, choices=choices, choose_url=link("columns", name), back=request.get_full_path()
    )
