"""The rules that accounting packages ship: a number or a name, and the exact amount.

Three rules, the first that fits: every quoted number is an open invoice and their sum is the amount; one quoted number
is an open invoice of that amount; the payer's name is a client's, who has one open invoice of that amount.
"""

from collections import defaultdict
from collections.abc import Iterator

from benchmarks.approaches.records import Answer, Debt, Host, Money, answer, minor_parts

# How sure each rule is said to be: its usual share of right answers, so that they can be ordered.
SURE = {"number": 0.99, "sum": 0.98, "name": 0.93}


class Rules:
    """Applies the rules receipt by receipt, on the state that earlier ones left."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._by_number: dict[str, list[Debt]] = defaultdict(list)
        self._by_name: dict[str, list[Debt]] = defaultdict(list)
        self._by_email: dict[str, list[Debt]] = defaultdict(list)
        for debt in host.debts.values():
            for number in debt.numbers:
                self._by_number[number].append(debt)
            for name in set(debt.names):
                self._by_name[name].append(debt)
            if debt.email:
                self._by_email[debt.email].append(debt)

    def answers(self) -> Iterator[Answer]:
        """One answer for each receipt that a rule fits."""
        for money in self._host.undecided():
            said = self._judge(money)
            if said is not None:
                self._host.settle(minor_parts(said, self._host.debts))
                yield said

    def _open(self, debts: list[Debt], money: Money) -> list[Debt]:
        return [one for one in debts if one.left > 0 and one.issued <= money.on and one.currency == money.currency]

    def _judge(self, money: Money) -> Answer | None:
        named: dict[int, Debt] = {}
        for number in money.numbers:
            for debt in self._open(self._by_number.get(number, []), money):
                named[debt.id] = debt
        exact = [debt for debt in named.values() if debt.left == money.amount]
        if len(exact) == 1:
            return answer(money, exact, SURE["number"])
        if len(named) > 1 and sum(debt.left for debt in named.values()) == money.amount:
            return answer(money, list(named.values()), SURE["sum"])
        known = self._by_name.get(money.name, []) if money.name else []
        known = known or (self._by_email.get(money.email, []) if money.email else [])
        same = [debt for debt in self._open(known, money) if debt.left == money.amount]
        return answer(money, same, SURE["name"]) if len(same) == 1 else None
