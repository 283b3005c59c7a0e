"""How invoices get paid over the bank: exactly, in parts, together, short, too much, twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from benchmarks.hosts.banks import ROOM, Transfer
from benchmarks.hosts.letters import damaged
from benchmarks.hosts.money import exchanged, written
from benchmarks.hosts.numbers import tail
from benchmarks.hosts.people import Client, Debt, Payer, bank_letters
from benchmarks.hosts.profiles import EXPONENTS, PER_EURO, Profile
from benchmarks.hosts.rates import BULK_REFERENCES, NAMELESS, RESELLER_REFERENCES
from benchmarks.hosts.references import STRUCTURED
from benchmarks.hosts.texts import refer

Allocations = list[tuple[Debt, int]]
Later = Callable[[date, Callable[[date], None]], None]
LEADING = frozenset({"combined", "instalment", "number_cut"})
_REST = ("Rest ", "balance ", "part 2 ", "remainder ")


@dataclass(slots=True)
class Paid:
    """A transfer with the truth about it."""

    transfer: Transfer
    kind: str
    tags: list[str]
    client: int | None
    allocations: Allocations
    fx: bool = False
    payout: str | None = None


def settle(debt: Debt, amount: int) -> None:
    """Take the amount off the debt."""
    if not 0 < amount <= debt.balance:
        raise ValueError(f"{amount} cannot be taken off {debt.balance}")
    debt.balance -= amount
    if not debt.balance:
        debt.client.open.remove(debt)


def oldest_equal(debt: Debt) -> Debt:
    """The client's oldest open invoice of exactly this balance: what a payment that names none settles."""
    same = [one for one in debt.client.open if one.balance == debt.balance]
    return min(same, key=lambda one: one.order)


class Cashier:
    """Turns debts into transfers."""

    def __init__(self, profile: Profile, rng: Random, later: Later, emit: Callable[[Paid], None]) -> None:
        self.profile, self._rng, self._later, self._emit = profile, rng, later, emit
        self._wander = dict.fromkeys(PER_EURO, 0.0)

    def new_day(self) -> None:
        """Let the exchange rates wander."""
        for currency, drift in self._wander.items():
            self._wander[currency] = max(-0.05, min(0.05, drift + self._rng.gauss(0, 0.003)))

    def when(self, debt: Debt, payer: Payer) -> date:
        """The day on which this payer gets round to this invoice."""
        rng = self._rng
        if rng.random() < 0.03:
            return debt.due + timedelta(days=rng.randrange(20, 130))
        if payer.timing == "prompt":
            return debt.issued + timedelta(days=rng.choice((0, 0, 1, 1, 2, 3, 5)))
        if payer.timing == "due":
            return max(debt.issued, debt.due + timedelta(days=rng.choice((-6, -3, -2, -1, -1, 0, 0, 1, 2))))
        if payer.timing == "late":
            return debt.due + timedelta(days=3 + int(rng.expovariate(1 / 22)))
        wait = (payer.day_of_month - debt.issued.day) % 30
        return debt.issued + timedelta(days=wait if wait > 1 else wait + 30)

    def pay(self, debt: Debt, day: date) -> None:
        """Pay one invoice, or several with it, in whatever way its payer does."""
        payer = debt.client.payer
        if payer is None or debt.balance <= 0:
            return
        rng, rates, style = self._rng, self.profile.rates, self._style(payer)
        if debt.client.currency != self.profile.currency:
            self._pay_abroad(debt, payer, style, day)
            return
        pick = rng.random()
        if len(debt.client.open) > 1 and pick < rates.bundle * 2:
            self.pay_together(payer, self._bundle(debt), day, style)
            return
        if pick > 1 - rates.part:
            self._pay_part(debt, payer, "clean" if style in NAMELESS else style, day, [])
            return
        target, text, cut = self._aim(payer, style, debt, day)
        amount, tag = self._amount(target)
        tags = [*(["number_cut"] if cut else []), *([tag] if tag else [])]
        self._send(payer, style, [target], day, amount, [(target, min(amount, target.balance))], tags, text)

    def pay_rest(self, debt: Debt, day: date) -> None:
        """Pay what an instalment left."""
        payer = debt.client.payer
        if payer is None or debt.balance <= 0:
            return
        style = self._style(payer)
        style = "clean" if style in NAMELESS else style
        if self._rng.random() < 0.12:
            self._pay_part(debt, payer, style, day, ["instalment"])
            return
        prefix = self._rng.choice(_REST) if self._rng.random() < 0.35 else ""
        self._send(
            payer,
            style,
            [debt],
            day,
            debt.balance,
            [(debt, debt.balance)],
            ["instalment"],
            prefix + self._text(payer, style, [debt], day),
        )

    def pay_together(self, payer: Payer, debts: Sequence[Debt], day: date, style: str | None = None) -> None:
        """Pay several invoices with one transfer."""
        debts = [debt for debt in debts if debt.balance > 0]
        if not debts:
            return
        style = style or self._style(payer)
        if style == "structured":
            style = "prefixed"
        if len(debts) == 1 and style in NAMELESS:
            debts = [oldest_equal(debts[0])]
        tags = ["combined"] if len(debts) > 1 else []
        total = sum(debt.balance for debt in debts)
        self._send(payer, style, debts, day, total, [(debt, debt.balance) for debt in debts], tags)

    def _bundle(self, debt: Debt) -> list[Debt]:
        """All that the client owes, up to seven, but for the crumbs that a short payment left."""
        return sorted((one for one in debt.client.open if one.balance * 6 > one.total), key=lambda one: one.order)[:7]

    def _style(self, payer: Payer) -> str:
        if self._rng.random() < self.profile.rates.habit:
            return payer.style
        references = self.profile.rates.references
        if payer.kind == "reseller":
            references = BULK_REFERENCES if payer.bulk else RESELLER_REFERENCES
        return self._rng.choices(list(references), list(references.values()))[0]

    def _pay_part(self, debt: Debt, payer: Payer, style: str, day: date, tags: list[str]) -> None:
        rng, places = self._rng, 10 ** EXPONENTS.get(self.profile.currency, 2)
        amount = rng.choice((debt.balance // 2, debt.balance // 3, debt.balance * rng.randrange(20, 80) // 100))
        if rng.random() < 0.6 and amount > places:
            amount -= amount % places
        if not 0 < amount < debt.balance:
            amount = debt.balance
        else:
            tags = [*tags, "partial"]
        self._send(payer, style, [debt], day, amount, [(debt, amount)], tags)
        if debt.balance and rng.random() < self.profile.rates.instalments_follow:
            self._later(day + timedelta(days=rng.randrange(7, 45)), lambda then: self.pay_rest(debt, then))

    def _pay_abroad(self, debt: Debt, payer: Payer, style: str, day: date) -> None:
        rng, home, away = self._rng, self.profile.currency, debt.client.currency
        target, text, cut = self._aim(payer, style, debt, day)
        spread = rng.uniform(-0.012, 0.004)
        amount, rate = exchanged(target.balance, away, home, self._wander[away] + spread)
        stated: dict[str, Any] | list[dict[str, Any]] | None = None
        if rng.random() < self.profile.rates.stated_exchange:
            one = {
                "sourceCurrency": away, "targetCurrency": home, "unitCurrency": away,
                "exchangeRate": f"{rate:.5f}",
                "instructedAmount": {"amount": written(target.balance, away), "currency": away},
            }  # fmt: skip
            stated = [one] if rng.random() < 0.58 else one
        tags = ["number_cut"] if cut else []
        self._send(
            payer, style, [target], day, max(1, amount), [(target, target.balance)], tags, text, stated, fx=True,
        )  # fmt: skip

    def _amount(self, debt: Debt) -> tuple[int, str]:
        """What is paid for one invoice, and the name of the difference."""
        rng, rates, balance = self._rng, self.profile.rates, debt.balance
        unit = 10 ** EXPONENTS.get(self.profile.currency, 2)
        euro = max(1, round(unit * PER_EURO[self.profile.currency]))
        ways = (
            (rates.fee, "short:fee", lambda: balance - self._fee(balance, euro)),
            (
                rates.under,
                "short:under",
                lambda: balance - max(1, round(rng.uniform(0.05, 0.9) * min(euro, balance / 9))),
            ),
            (rates.discount, "short:discount", lambda: balance - max(1, balance * rng.choice((2, 3, 3, 5)) // 100)),
            (rates.net_of_tax if debt.tax else 0.0, "short:net_of_vat", lambda: balance - debt.tax),
            (rates.over, "over:over", lambda: self._over(balance, unit, euro)),
            (rates.late_fee, "over:late_fee", lambda: balance + rng.choice((5, 5, 10, 20)) * max(1, euro // 2)),
        )
        pick = rng.random()
        for rate, tag, amount in ways:
            pick -= rate
            if pick < 0:
                changed = amount()
                if changed > 0 and changed != balance:
                    return changed, tag
                break
        return balance, ""

    def _fee(self, balance: int, euro: int) -> int:
        rng = self._rng
        fixed = [fee * euro // 2 for fee in (5, 10, 15, 20, 30) if fee * euro // 2 < balance * 0.25]
        return (
            rng.choice(fixed)
            if fixed and rng.random() < 0.7
            else max(1, round(rng.uniform(0.35, 0.6) * min(euro, balance / 4)))
        )

    def _over(self, balance: int, unit: int, euro: int) -> int:
        rng = self._rng
        if rng.random() < 0.55:
            step = unit if rng.random() < 0.7 else max(1, unit // 10)
            return balance + (-balance % step)
        return balance + rng.choice((5 * euro, 10 * euro, max(1, balance // 10)))

    def _text(self, payer: Payer, style: str, debts: Sequence[Debt], day: date) -> str:
        # Who pastes old numbers once pasted a right one, and now and then does so again.
        if style == "stale" and (not payer.known or self._rng.random() < 0.03):
            payer.known = debts[0].shown
        return "" if style == "structured" else refer(payer, style, debts, day, self._rng)

    def _aim(self, payer: Payer, style: str, debt: Debt, day: date) -> tuple[Debt, str, bool]:
        """The invoice that the payment settles, its text, and whether the bank cuts the number off."""
        if style in NAMELESS:
            debt = oldest_equal(debt)
        text = self._text(payer, style, [debt], day)
        if not self._is_cut(payer, style, debt, text):
            return debt, text, False
        debt = oldest_equal(debt)
        return debt, self._text(payer, style, [debt], day), True

    def _is_cut(self, payer: Payer, style: str, debt: Debt, text: str) -> bool:
        """Whether the bank will cut off the number that the payer wrote."""
        room = ROOM.get(payer.dialect)
        if room is None or len(text) <= room or style in NAMELESS:
            return False
        number = payer.write(tail(debt.shown) if style == "short" else debt.shown)
        return number in text and number not in text[:room]

    def _send(
        self, payer: Payer, style: str, debts: Sequence[Debt], day: date, amount: int, allocations: Allocations,
        tags: list[str], text: str | None = None, stated: dict[str, Any] | list[dict[str, Any]] | None = None,
        *, fx: bool = False,
    ) -> None:  # fmt: skip
        rng, profile, client = self._rng, self.profile, debts[0].client
        structured = ""
        if style == "structured":
            digits = int("".join(sign for sign in debts[0].shown if sign.isdigit())[-9:])
            structured = STRUCTURED[profile.structured](client.id, digits)
        if text is None:
            text = self._text(payer, style, debts, day)
        hidden = payer.kind == "noname"
        end_to_end = debts[0].shown if rng.random() < 0.03 else ""
        transfer = Transfer(
            day, amount, profile.currency, "" if hidden else self._name(payer), payer.account, text,
            payer.dialect, payer.capitals, structured, end_to_end,
            standing=rng.random() < (0.75 if payer.timing in ("standing", "monthly") else 0.22), exchange=stated,
        )  # fmt: skip
        count = len(debts)
        full = [*(tag for tag in tags if tag in LEADING), f"ref:{style}", f"payer:{payer.kind}",
                f"n{count}" if count < 7 else "n7+", *(tag for tag in tags if tag not in LEADING)]  # fmt: skip
        full += ["fx"] if fx else []
        full += ["reseller"] if payer.kind == "reseller" else []
        owners = {debt.client.id for debt in debts}
        self._emit(Paid(transfer, "payment", full, client.id if len(owners) == 1 else None, allocations, fx))
        for debt, part in allocations:
            settle(debt, part)
        if count == 1 and not fx and rng.random() < profile.rates.twice:
            self._later(
                day + timedelta(days=rng.randrange(0, 24)), lambda then: self._repeat(transfer, client, then, style)
            )

    def _name(self, payer: Payer) -> str:
        name = bank_letters(payer.name, payer)
        return damaged(name, self._rng) if payer.kind == "damaged" else name

    def _repeat(self, first: Transfer, client: Client, day: date, style: str) -> None:
        """The same transfer once more: who names no invoice settles the oldest other one of that balance, if any."""
        transfer = Transfer(
            day, first.amount, first.currency, first.name, first.account, first.text, first.dialect, first.capitals,
            first.structured, first.end_to_end, first.standing,
        )  # fmt: skip
        same = sorted((one for one in client.open if one.balance == first.amount), key=lambda one: one.order)
        if same and style in NAMELESS:
            self._emit(Paid(transfer, "payment", ["repeat_as_fifo", "n1"], client.id, [(same[0], first.amount)]))
            settle(same[0], first.amount)
            return
        self._emit(Paid(transfer, "duplicate", ["duplicate"], client.id, []))
        if self._rng.random() < self.profile.rates.refund_twice:
            back = Transfer(
                day + timedelta(days=self._rng.randrange(2, 20)), -first.amount, first.currency, first.name,
                first.account, f"Refund {first.text}".strip(), first.dialect, first.capitals,
            )  # fmt: skip
            self._later(back.day, lambda _: self._emit(Paid(back, "refund_out", ["refund_out"], None, [])))
