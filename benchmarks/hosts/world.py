"""Lives through the days of one invented host and writes down everything that its systems would have recorded."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.hosts.banks import Feed, Transfer
from benchmarks.hosts.billing import Billing
from benchmarks.hosts.money import written
from benchmarks.hosts.output import Answers, Output
from benchmarks.hosts.paying import Allocations, Cashier, Paid, oldest_equal, settle
from benchmarks.hosts.people import Client, Debt, Payer, Registry, client_record
from benchmarks.hosts.profiles import Profile
from benchmarks.hosts.stripe import StripeAccount
from benchmarks.hosts.unrelated import Unrelated

START, CUTOFF, LAST_BILL, END = date(2024, 9, 1), date(2025, 5, 14), date(2025, 10, 31), date(2025, 12, 30)
_DAYS = (END - START).days + 1


class World:
    """One host from START to END; what was billed last has two months to be paid."""

    def __init__(
        self, profile: Profile, seed: int, invoices: int, output: Output, *, feedback: bool, careful: bool
    ) -> None:
        self.profile, self._output = profile, output
        self._rng = rng = Random(f"{profile.name}:{seed}")
        self._registry, self._billing = Registry(profile, rng), Billing(profile, rng)
        self._feed = Feed(rng, as_structured=profile.rates.as_structured, trailing=profile.rates.trailing)
        self._stripe, self._unrelated = StripeAccount(profile, rng), Unrelated(profile, self._registry, rng)
        self._cashier = Cashier(profile, rng, self._later, self._emit)
        self._answers = Answers(output, rng, CUTOFF.isoformat(), profile.rates.wrong_labels, feedback, careful)
        self._bills: list[list[tuple[Client, bool]]] = [[] for _ in range(_DAYS)]
        self._events: list[list[Callable[[date], None]]] = [[] for _ in range(_DAYS)]
        self._today: list[Paid] = []
        self._failed_payouts: set[str] = set()
        self._noise = sum(profile.rates.others.values())
        self._found(invoices)

    def _found(self, invoices: int) -> None:
        """Invent clients until their bills come to the wished number of invoices."""
        rng, profile, billed = self._rng, self.profile, 0
        reseller: Payer | None = None
        seats = 0
        while billed < invoices:
            resold = rng.random() < profile.reseller_clients
            birthday = 1 if rng.random() < 0.3 else rng.randrange(1, 29)
            gateway = "banktransfer"
            if not resold:
                rest = 1 - profile.stripe - profile.paypal
                gateway = rng.choices(("banktransfer", "stripe", "paypal"), (rest, profile.stripe, profile.paypal))[0]
            client = self._registry.client(gateway, self._billing.services(), birthday, home=resold)
            if resold:
                if reseller is None or not seats:
                    reseller, seats = self._registry.reseller(client), rng.randint(*profile.reseller_size)
                    self._monthly(reseller)
                seats -= 1
                client.payer = reseller
                reseller.clients.append(client)
            else:
                client.payer = self._registry.payer(client)
            self._output.write("clients", client_record(client, rng))
            for day, domain in self._billing.bills(client.services, birthday, START, LAST_BILL):
                if billed < invoices:
                    self._bills[(day - START).days].append((client, domain))
                    billed += 1

    def _monthly(self, payer: Payer) -> None:
        if not payer.bulk:
            return
        for index in range(_DAYS):
            day = START + timedelta(days=index)
            if day.day == payer.day_of_month:
                self._events[index].append(lambda then: self._pay_bulk(payer, then))

    def _pay_bulk(self, payer: Payer, day: date) -> None:
        debts = [debt for client in payer.clients for debt in client.open if debt.balance * 6 > debt.total]
        if payer.day_of_month % 5 == 0:
            debts = [debt for debt in debts if debt.due <= day + timedelta(days=15)]
        debts.sort(key=lambda debt: debt.order)
        self._cashier.pay_together(payer, debts[:80], day)

    def live(self) -> None:
        """Go through every day."""
        for index in range(_DAYS):
            day = START + timedelta(days=index)
            self._cashier.new_day()
            self._rng.shuffle(self._bills[index])
            for client, domain in self._bills[index]:
                self._bill(client, day, domain)
            # Events of today may bring more events for today.
            for event in self._events[index]:
                event(day)
            self._bills[index], self._events[index] = [], []
            self._strangers(day)
            if day.weekday() == 0 if self.profile.weekly_payouts else day.weekday() < 5:
                self._pay_out(day)
            self._close(day)

    def _later(self, day: date, event: Callable[[date], None]) -> None:
        if day <= END:
            self._events[(day - START).days].append(event)

    def _emit(self, paid: Paid) -> None:
        self._today.append(paid)

    def _bill(self, client: Client, day: date, domain: bool) -> None:
        rng, rates = self._rng, self.profile.rates
        record, debt = self._billing.issue(client, day, domain)
        self._output.write("invoices", record)
        if debt is None or client.payer is None:
            return
        client.open.append(debt)
        owed = debt
        if client.payer.bulk or rng.random() < rates.unpaid:
            return
        stripe = client.gateway != "banktransfer"
        if rng.random() < rates.other_gateway:
            stripe = not stripe
        if stripe:
            wait = rng.choices((0, 1, 2, 3, rng.randrange(4, 30), rng.randrange(30, 130)), (48, 17, 15, 8, 10, 2))[0]
            self._later(day + timedelta(days=wait), lambda then: self._charge(owed, then))
        else:
            self._later(self._cashier.when(debt, client.payer), lambda then: self._cashier.pay(owed, then))

    def _charge(self, debt: Debt, day: date) -> None:
        """Charge an invoice's client over Stripe; a failed attempt is repeated."""
        rng, rates, client = self._rng, self.profile.rates, debt.client
        if debt.balance <= 0:
            return
        style = rng.choices(list(rates.charges), list(rates.charges.values()))[0]
        target = oldest_equal(debt) if style in ("none", "typo") else debt
        fx = client.currency != self.profile.currency
        if rng.random() < rates.failed_charge:
            self._write_charge(
                self._stripe.charge(debt, debt.balance, day, style, True), day, "failed", ["failed"], client, []
            )
            self._later(day + timedelta(days=rng.choice((0, 1, 3))), lambda then: self._charge(debt, then))
            return
        made = self._stripe.charge(debt, target.balance, day, style, False)
        amount = target.balance
        tags = [f"stripe:{style}", *(["fx"] if fx else [])]
        self._write_charge(made, day, "charge", tags, client, [(target, amount)], fx)
        settle(target, amount)
        if rng.random() < rates.charge_twice:
            self._later(
                day + timedelta(days=rng.choice((1, 1, 2))),
                lambda then: self._charge_again(debt, amount, then, style, fx),
            )

    def _charge_again(self, debt: Debt, amount: int, day: date, style: str, fx: bool) -> None:
        client = debt.client
        if not any(one.balance == amount for one in client.open):
            again = self._stripe.charge(debt, amount, day, style, False)
            self._write_charge(again, day, "duplicate", ["duplicate"], client, [], fx)

    def _write_charge(
        self, made: tuple[dict[str, Any], dict[str, Any] | None], day: date, kind: str, tags: list[str], client: Client,
        allocations: Allocations, fx: bool = False,
    ) -> None:  # fmt: skip
        charge, entry = made
        if kind == "charge" and self._rng.random() < self.profile.rates.refunded_charge:
            refund = self._stripe.refund(charge, day)
            self._output.write("stripe_balance_transactions", refund)
        self._output.write("stripe_charges", charge)
        if entry:
            self._output.write("stripe_balance_transactions", entry)
        self._answer(charge["id"], "stripe_charge", day, kind, tags, client.id, allocations, fx, None)

    def _strangers(self, day: date) -> None:
        """Rows that pay nothing, in proportion to what was paid today."""
        rng, others = self._rng, self.profile.rates.others
        payments = sum(1 for paid in self._today if paid.kind == "payment")
        count = sum(1 for _ in range(payments) if rng.random() < self._noise)
        for kind in rng.choices(list(others), list(others.values()), k=count):
            self._emit(Paid(self._unrelated.transfer(kind, day), kind, ["unrelated"], None, []))

    def _pay_out(self, day: date) -> None:
        made = self._stripe.payout(day)
        if made is None:
            return
        payout, entry, items = made
        self._output.write("stripe_payouts", payout)
        self._output.write("stripe_balance_transactions", entry)
        if items:
            self._output.write("stripe_payout_items", items)
        if payout["status"] == "paid":
            arrival = date.fromordinal(date(1970, 1, 1).toordinal() + payout["arrival_date"] // 86400)
            late = self._rng.choices((0, 1, 2), (0.93, 0.05, 0.02))[0]
            self._later(arrival + timedelta(days=late), lambda then: self._arrive(payout, then))

    def _arrive(self, payout: dict[str, Any], day: date) -> None:
        rng, profile = self._rng, self.profile
        name = rng.choice(("STRIPE", "STRIPE TECHNOLOGY EUROPE LTD", "STRIPE PAYMENTS UK LTD", "Stripe"))
        text = rng.choice(("STRIPE", "STRIPE PAYOUT", f"STRIPE {rng.getrandbits(40):010X}"))
        dialect = rng.choice(list(profile.dialects))
        if dialect in ("check", "zelle"):
            dialect = "ach"
        transfer = Transfer(day, payout["amount"], profile.currency, name, "LT601234567890123456", text, dialect, True)
        self._emit(Paid(transfer, "payout", ["payout"], None, [], payout=payout["id"]))

    def _close(self, day: date) -> None:
        """Write the day's bank rows: first those still pending, then the booked ones, some of them twice."""
        rng, rates = self._rng, self.profile.rates
        # Payments keep their order, since what names no invoice settles the oldest one left.
        ordered = [paid for paid in self._today if paid.client is not None or paid.allocations]
        places = [*sorted(rng.random() for _ in ordered), *(rng.random() for _ in self._today[len(ordered) :])]
        ordered += [paid for paid in self._today if paid.client is None and not paid.allocations]
        today = [paid for _, paid in sorted(zip(places, ordered, strict=True), key=lambda pair: pair[0])]
        rows = [(self._feed.row(paid.transfer), paid) for paid in today]
        for row, _ in rows:
            if rng.random() < rates.pending:
                pending = self._feed.pending(row)
                self._output.write("bank_transactions", pending)
                self._answer(pending["uid"], "bank", day, "pending", ["pending"], None, [], False, None)
        for row, paid in rows:
            self._output.write("bank_transactions", row)
            self._answer(
                row["uid"], "bank", day, paid.kind, paid.tags, paid.client, paid.allocations, paid.fx, paid.payout,
            )  # fmt: skip
            if rng.random() < rates.redelivered:
                again = self._feed.again(row)
                self._output.write("bank_transactions", again)
                self._answer(again["uid"], "bank", day, "redelivered", ["redelivered"], None, [], False, None)
        self._today = []

    def _answer(
        self, row: str, source: str, day: date, kind: str, tags: list[str], client: int | None,
        allocations: Allocations, fx: bool, payout: str | None,
    ) -> None:  # fmt: skip
        other = next((one.id for debt, _ in allocations for one in debt.client.open if one is not debt), None)
        self._answers.write(
            {
                "id": row, "source": source, "date": day.isoformat(), "kind": kind, "tags": tags, "client": client,
                "allocations": [
                    {"invoice": debt.id, "amount": written(amount, debt.client.currency)}
                    for debt, amount in allocations
                ],
                "payout": payout, "fx": fx,
            },
            other,
        )  # fmt: skip


def invent(
    folder: Path, profile: Profile, seed: int, invoices: int, *, feedback: bool = True, careful: bool = False
) -> None:
    """Write one host into a folder.

    Shape: the same arguments give the same bytes. Source: docs/benchmarks.md describes the files.
    """
    with Output(folder) as output:
        output.header(
            {
                "generator": 1, "profile": profile.name, "seed": seed, "invoices": invoices,
                "start": START.isoformat(), "cutoff": CUTOFF.isoformat(), "end": END.isoformat(),
                "account_currency": profile.currency, "number_format": profile.numbering,
                "feedback_noise": profile.rates.wrong_labels if feedback and not careful else 0.0,
            }
        )  # fmt: skip
        World(profile, seed, invoices, output, feedback=feedback, careful=careful).live()
