"""The period statement: per account and currency, every movement is in exactly one part of the closing balance.

Opening and closing are sums over all movements; the parts are sums over disjoint sets of those between. That the parts
explain the whole is therefore something to be proved, by `StatementLine.difference`, and not assumed.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Least

from banking.models import BankAccount, BankTransaction
from matching import stated_balances
from matching.models import InvoiceMatch, Settlement
from payments.models import BalanceTransaction, Payout, StripePayment
from payymo.shared.models import ReceiptState
from tenants import context
from whmcs.models import Posting

ZERO = Decimal(0)
_MONEY: "DecimalField[Any, Any]" = DecimalField(max_digits=24, decimal_places=3)
_IN_BOOKS = (Posting.State.POSTED, Posting.State.WITHDRAWN)
_PAID_OUT = ("payout", "payout_failure", "payout_cancel")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One account in one currency; `kind` is `bank` or a gateway's.

    `in_transit` is, of a bank account, money that is matched while WHMCS does not show it yet; of a Stripe balance,
    negative, what was paid out and is not found on a bank account. `other` is what was set aside, went out, or is a
    fee, a refund or a payout that arrived. Units: decimals of `currency`.
    Shape: `stated` is what an imported statement says for `stated_on` and `computed` what the movements say for it;
    None where no statement ends in the period.
    """

    kind: str
    account: uuid.UUID
    name: str
    currency: str
    opening: Decimal
    matched: Decimal
    unmatched: Decimal
    in_transit: Decimal
    other: Decimal
    closing: Decimal
    count: int
    stated: Decimal | None = None
    stated_on: date | None = None
    computed: Decimal | None = None
    is_from_first_entry: bool = False

    @property
    def difference(self) -> Decimal:
        """What the parts do not explain; zero, or the statement is wrong."""
        return self.opening + self.matched + self.unmatched + self.in_transit + self.other - self.closing

    @property
    def bank_difference(self) -> Decimal | None:
        """By how much the bank's statement differs; None where none can be compared."""
        return None if self.stated is None or self.computed is None else self.stated - self.computed


def statement(*, since: date, until: date) -> list[StatementLine]:
    """Return a line for every account and currency with a movement by `until`; nine queries whatever the rows.

    Raises: ValueError when the period ends before it begins.
    """
    if until < since:
        raise ValueError("the period ends before it begins")
    return [*_bank_lines(since, until), *_stripe_lines(since, until)]


def account_name(account: BankAccount) -> str:
    """Return how reports name a bank account; empty where neither a name nor its number is known."""
    return " ".join(filter(None, (account.name, f"… {account.iban_last4}" if account.iban_last4 else "")))


def _sum(what: Any, *, only: Q | None = None) -> Coalesce:
    return Coalesce(Sum(what, filter=only, output_field=_MONEY), Value(ZERO), output_field=_MONEY)


def _bank_lines(since: date, until: date) -> Iterator[StatementLine]:
    whole = BankTransaction.objects.filter(booking_date__lte=until).values("account", "currency").order_by("account")
    rows = list(whole.annotate(before=_sum("amount", only=Q(booking_date__lt=since)), by_end=_sum("amount")))
    parts = {(row["account"], row["currency"]): row for row in _bank_parts(since, until)}
    accounts = BankAccount.objects.filter(pk__in={row["account"] for row in rows}).in_bulk()
    starts = stated_balances.starts(BankAccount.objects.filter(pk__in=accounts))
    stated = stated_balances.last_closings(since=since, until=until)
    moved = stated_balances.moved_until({account: one.day for account, one in stated.items()})
    for row in rows:
        account, part = accounts[row["account"]], parts.get((row["account"], row["currency"]), {})
        # A balance is one of the account's own currency.
        is_own = row["currency"] == account.currency
        start = starts.get(account.pk) if is_own else None
        said = stated.get(account.pk) if is_own and start is not None else None
        unposted = part.get("unposted", ZERO)
        yield StatementLine(
            kind="bank",
            account=account.public_id,
            name=account_name(account),
            currency=row["currency"],
            opening=(start or ZERO) + row["before"],
            matched=part.get("given", ZERO) - unposted,
            unmatched=part.get("rest", ZERO),
            in_transit=unposted,
            other=part.get("other", ZERO),
            closing=(start or ZERO) + row["by_end"],
            count=part.get("count", 0),
            stated=said.balance if said else None,
            stated_on=said.day if said else None,
            computed=(start or ZERO) + moved.get(account.pk, ZERO) if said else None,
            is_from_first_entry=start is None,
        )


def _bank_parts(since: date, until: date) -> "QuerySet[BankTransaction, dict[str, Any]]":
    """Divide what moved between the two days: in the books, on its way there, open, and everything else."""
    live = InvoiceMatch.objects.filter(bank_transaction=OuterRef("pk"), reverses=None, reversed_by=None)
    waiting = live.filter(posting__isnull=False).exclude(posting__state__in=_IN_BOOKS)
    unposted = waiting.order_by().values("bank_transaction").annotate(total=Sum("amount")).values("total")
    in_play = Q(amount__gt=0) & ~Q(state=ReceiptState.IGNORED)
    rows = BankTransaction.objects.filter(booking_date__gte=since, booking_date__lte=until)
    return (
        rows.annotate(waits=Coalesce(Subquery(unposted, output_field=_MONEY), Value(ZERO), output_field=_MONEY))
        .values("account", "currency")
        .annotate(
            given=_sum("allocated", only=in_play),
            unposted=_sum(Least(F("waits"), F("allocated"), output_field=_MONEY), only=in_play),
            rest=_sum(F("amount") - F("allocated"), only=in_play),
            other=_sum("amount", only=~in_play),
            count=Count("pk"),
        )
        .order_by()
    )


def _stripe_lines(since: date, until: date) -> Iterator[StatementLine]:
    zone = ZoneInfo(context.current().time_zone)
    begin = datetime.combine(since, time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(until + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    names = ("public_id", "gateway", "account_name", "account_id")
    who = ("connection", *(f"connection__{name}" for name in names), "currency")
    whole = BalanceTransaction.objects.filter(stripe_created_at__lt=end).values(*who).order_by(*who)
    rows = list(whole.annotate(before=_sum("net", only=Q(stripe_created_at__lt=begin)), by_end=_sum("net")))
    parts = {(row["connection"], row["currency"]): row for row in _stripe_parts(begin, end)}
    for row in rows:
        part = parts.get((row["connection"], row["currency"]), {})
        yield StatementLine(
            kind=row["connection__gateway"],
            account=row["connection__public_id"],
            name=row["connection__account_name"] or row["connection__account_id"],
            currency=row["currency"],
            opening=row["before"],
            matched=part.get("given", ZERO),
            unmatched=part.get("charges", ZERO) - part.get("given", ZERO),
            in_transit=part.get("on_its_way", ZERO),
            other=part.get("other", ZERO) - part.get("fees", ZERO),
            closing=row["by_end"],
            count=part.get("count", 0),
        )


def _stripe_parts(begin: datetime, end: datetime) -> "QuerySet[BalanceTransaction, dict[str, Any]]":
    """Divide the movements of the balance: charges by what became of them, payouts by whether they arrived."""
    charge = StripePayment.objects.filter(charge_id=OuterRef("source_id"))
    payout = Payout.objects.filter(payout_id=OuterRef("source_id"))
    arrived = Settlement.objects.filter(payout__payout_id=OuterRef("source_id"), undone_by=None, is_return=False)
    is_charge = Q(charge_state__isnull=False, amount__gt=0) & ~Q(charge_state=ReceiptState.IGNORED)
    on_its_way = Q(kind__in=_PAID_OUT, arrived__isnull=True) & ~Q(payout_status__in=("failed", "canceled"))
    # In another currency the ledger cannot say which part of a charge is matched: it counts once all of it is.
    matched = Case(
        When(charge_currency=F("currency"), then=Least(F("charge_allocated"), F("amount"), output_field=_MONEY)),
        When(charge_state=ReceiptState.RECONCILED, then=F("amount")),
        default=Value(ZERO),
        output_field=_MONEY,
    )
    return (
        BalanceTransaction.objects.filter(stripe_created_at__gte=begin, stripe_created_at__lt=end)
        .annotate(
            charge_state=Subquery(charge.values("state")[:1], output_field=CharField()),
            charge_currency=Subquery(charge.values("currency")[:1], output_field=CharField()),
            charge_allocated=Subquery(charge.values("allocated")[:1], output_field=_MONEY),
            # NULL, of a payout that is not read yet, is neither in nor out of a list: its money would be in no part.
            payout_status=Coalesce(Subquery(payout.values("status")[:1], output_field=CharField()), Value("")),
            arrived=Subquery(arrived.values("pk")[:1]),
        )
        .values("connection", "currency")
        .annotate(
            charges=_sum("amount", only=is_charge),
            given=_sum(matched, only=is_charge),
            on_its_way=_sum("amount", only=on_its_way),
            other=_sum("amount", only=~is_charge & ~on_its_way),
            fees=_sum("fee"),
            count=Count("pk"),
        )
        .order_by()
    )
