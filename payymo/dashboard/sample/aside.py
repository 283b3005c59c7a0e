"""What needs no person: a payout, a transfer between own accounts and a returned payment, found by the real engine."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from matching.core.pairing import Entry, find_returns, find_transfers
from matching.core.settlement import find_payouts
from matching.core.types import Payout, Receipt, Source
from payymo.dashboard.formats import day, money
from payymo.dashboard.pages import Amount
from payymo.dashboard.sample.month import CURRENCY

_OWN = {1: "own-1", 2: "own-2"}


def found(today: date) -> tuple[str, ...]:
    """Say what of the month is dealt with already, one sentence each."""

    def ago(days: int) -> date:
        return today - timedelta(days=days)

    payout = Payout("po_sample", 57_910, CURRENCY, ago(1))
    paid_out = Receipt("sample-payout", Source.BANK, ago(1), 57_910, CURRENCY, "STRIPE PAYMENTS", "", "STRIPE PAYOUT")
    entries = (
        Entry(id=1, account=1, booking_date=ago(8), amount_minor=-250_000, currency=CURRENCY, other_account="own-2"),
        Entry(id=2, account=2, booking_date=ago(8), amount_minor=250_000, currency=CURRENCY, other_account="own-1"),
        Entry(id=3, account=1, booking_date=ago(12), amount_minor=4_900, currency=CURRENCY, name="Jana Müller",
              end_to_end_id="SEPA-DD-88412"),
        Entry(id=4, account=1, booking_date=ago(6), amount_minor=-4_900, currency=CURRENCY, name="Jana Müller",
              end_to_end_id="SEPA-DD-88412", sign="bank"),
    )  # fmt: skip
    by_id = {entry.id: entry for entry in entries}
    said = [
        _("%(amount)s on %(day)s is a payout of Stripe, found on the bank account.")
        % _words(paid_out.amount_minor, paid_out.booking_date)
        for _found in find_payouts([paid_out], [payout])
    ]
    said += [
        _("%(amount)s on %(day)s went from one of your own accounts to the other.")
        % _words(by_id[pair.later].amount_minor, by_id[pair.later].booking_date)
        for pair in find_transfers(entries, _OWN)
    ]
    said += [
        _("%(amount)s that had arrived was returned by the bank on %(day)s; what to do in WHMCS is then listed.")
        % _words(by_id[pair.earlier].amount_minor, by_id[pair.later].booking_date)
        for pair in find_returns([by_id[4]], entries)
    ]
    return tuple(said)


def _words(cents: int, on: date) -> dict[str, str]:
    return {"amount": money(Amount(Decimal(cents) / 100, CURRENCY)), "day": day(on)}
