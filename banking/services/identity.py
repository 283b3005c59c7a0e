"""Which entries of a fetch or a file are new to an account. Pure: values in, a plan out.

The rules, first that holds:
1. the same id of the same source is the same entry;
2. equal facts are compared as multisets per booking day: the bank shows three, two are stored, so one is new;
3. an entry that comes back under another id of the provider, with a bank's own reference that is not reused for other
   things, is the same entry (shown to a person, never stored twice);
4. the payments of a batch are known where another source has the batch as one sum of that day;
5. within a complete day, what is left over on both sides with one amount and like texts is the same entry, told twice
   by two sources or with an amended text;
6. two sources may book an entry up to two days apart, if each of them covers the other's day.
What remains is new. Banks reuse and change their ids, so an id alone never drops an entry of another amount.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from banking.services.entry_values import Arrival, Facts, Plan, Stored, Verdict, Window
from banking.services.likeness import CONTRADICTION, digits, likeness
from banking.services.notes import Note

NEAR_DAYS = 10
SHIFT_DAYS = 2
_LIKE = 0.6
_AMENDED = 0.75
_LIKE_ENOUGH_ON_ONE_DAY = 0.5


def plan(arrivals: Sequence[Arrival], stored: Iterable[Stored], window: Window) -> Plan:
    """Decide for each arrival whether it is new.

    Shape: any order of `arrivals` gives the same set of new facts; `stored` holds at least every row of the account
    within `NEAR_DAYS` of an arrival and every row that has the id of one.
    """
    return _Comparison(arrivals, stored, window).result()


def _order(arrival: Arrival) -> tuple[object, ...]:
    facts = arrival.facts
    ids = (arrival.source_id, facts.bank_entry_id, facts.bank_reference)
    return (facts.booking_date, facts.amount, facts.fingerprint, *ids, arrival.position)


class _Comparison:
    """One run of the rules: arrivals and stored entries leave the open ends as they find each other."""

    def __init__(self, arrivals: Sequence[Arrival], stored: Iterable[Stored], window: Window) -> None:
        self.window = window
        self.open = sorted(arrivals, key=_order)
        self.stored = sorted(stored, key=lambda row: row.pk)
        self.free = {row.pk: row for row in self.stored}
        self.verdicts: dict[int, Verdict] = {}
        self.recognised = 0
        self.told_twice: set[int] = set()
        self.taken = {row.identity for row in self.stored}

    def result(self) -> Plan:
        self._same_id()
        self._same_facts()
        self._sent_again()
        self._booked_as_one_sum()
        self._alike(same_day=True)
        self._alike(same_day=False)
        for arrival in self.open:
            self.verdicts[arrival.position] = Verdict(arrival, True, self._identity(arrival), self._doubt(arrival))
        return Plan(tuple(self.verdicts[position] for position in sorted(self.verdicts)), self._vanished())

    def _known(self, arrival: Arrival, row: Stored | None, note: Note | None = None) -> None:
        self.verdicts[arrival.position] = Verdict(arrival, False, note=note)
        if row is not None:
            self.free.pop(row.pk, None)

    def _keep_open(self, settled: set[int]) -> None:
        self.open = [arrival for arrival in self.open if arrival.position not in settled]

    def _same_id(self) -> None:
        by_identity = {row.identity: row for row in self.stored}
        seen: dict[str, Facts] = {}
        settled = set()
        for arrival in self.open:
            if not arrival.source_id:
                continue
            row = by_identity.get(arrival.source_id)
            before = row.facts if row else seen.get(arrival.source_id)
            if before is None:
                seen[arrival.source_id] = arrival.facts
                continue
            equal = (before.amount, before.booking_date) == (arrival.facts.amount, arrival.facts.booking_date)
            if not equal and not self.window.has_own_ids:
                # A bank's reference, unique in one file or answer, may come again in the next for something else.
                continue
            self._known(arrival, row, None if equal else Note.CHANGED_FACTS)
            if row is None:
                self.told_twice.add(arrival.position)
            self.recognised += 1
            settled.add(arrival.position)
        self._keep_open(settled)

    def _same_facts(self) -> None:
        waiting: defaultdict[str, list[Stored]] = defaultdict(list)
        for row in self.free.values():
            waiting[row.facts.fingerprint].append(row)
        settled = set()
        for arrival in self.open:
            rows = waiting.get(arrival.facts.fingerprint)
            if not rows:
                continue
            same = [row for row in rows if row.facts.bank_entry_id == arrival.facts.bank_entry_id]
            row = (same or rows)[0]
            rows.remove(row)
            reissued = bool(arrival.source_id) and row.source == self.window.source
            # After a renewed consent every id is new, which is nothing to look at; a single one is.
            self._known(arrival, row, Note.OTHER_ID if reissued and self.recognised else None)
            settled.add(arrival.position)
        self._keep_open(settled)

    def _sent_again(self) -> None:
        """Only a live source tells one entry again, on another day or under another id of its own."""
        if not self.window.is_live:
            return
        holders: defaultdict[str, list[Facts]] = defaultdict(list)
        everything = [row.facts for row in self.stored if row.source == self.window.source]
        # What one answer tells twice stands for an entry that is still open, which it must not make known as well.
        everything += [one.arrival.facts for place, one in self.verdicts.items() if place not in self.told_twice]
        for facts in everything:
            for reference in _references(facts):
                holders[reference].append(facts)
        contents: defaultdict[str, set[Hashable]] = defaultdict(set)
        for facts in (*everything, *(arrival.facts for arrival in self.open)):
            for reference in _references(facts):
                contents[reference].add(facts.content())
        settled = set()
        for arrival in self.open:
            facts = arrival.facts
            if any(
                # A reference that also stands on other things says nothing.
                len(contents[reference]) == 1 and _near(facts, holders[reference])
                for reference in _references(facts)
            ):
                self._known(arrival, None, Note.OTHER_ID)
                settled.add(arrival.position)
                continue
            for reference in _references(facts):
                holders[reference].append(facts)
        self._keep_open(settled)

    def _booked_as_one_sum(self) -> None:
        batches: defaultdict[int, list[Arrival]] = defaultdict(list)
        for arrival in self.open:
            if arrival.batch:
                batches[arrival.batch].append(arrival)
        sums = {
            (row.facts.booking_date, row.facts.amount): row
            for row in self.free.values()
            if row.source != self.window.source
        }
        settled: set[int] = set()
        for payments in batches.values():
            total = sum((payment.facts.amount for payment in payments), Decimal(0))
            row = sums.get((payments[0].facts.booking_date, total)) if len(payments) > 1 else None
            if row is None or row.pk not in self.free:
                continue
            for payment in payments:
                self._known(payment, row, Note.ONE_SUM)
                settled.add(payment.position)
        self._keep_open(settled)

    def _pairs(self, *, same_day: bool) -> Iterable[tuple[float, int, Arrival, Stored]]:
        rows: defaultdict[tuple[Decimal, date], list[Stored]] = defaultdict(list)
        for row in self.free.values():
            rows[row.facts.amount, row.facts.booking_date].append(row)
        shifts = [0] if same_day else [shift for shift in range(-SHIFT_DAYS, SHIFT_DAYS + 1) if shift]
        for arrival in self.open:
            day = arrival.facts.booking_date
            if not self.window.holds(day):
                continue
            for shift in shifts:
                for row in rows.get((arrival.facts.amount, day + timedelta(shift)), ()):
                    if not same_day and not self._each_covers_the_other(arrival, row):
                        continue
                    score = self._score(arrival, row)
                    if score >= (_LIKE_ENOUGH_ON_ONE_DAY if same_day else _LIKE):
                        yield score, -abs(shift), arrival, row

    def _score(self, arrival: Arrival, row: Stored) -> float:
        score = likeness(arrival.facts, row.facts)
        if row.source != self.window.source:
            return score
        # One source does not drop a digit: another number is another payment, however like the words are.
        return score if score >= _AMENDED and digits(arrival.facts) == digits(row.facts) else CONTRADICTION

    def _each_covers_the_other(self, arrival: Arrival, row: Stored) -> bool:
        first, last = self.window.coverage.get(row.source, (date.max, date.min))
        covered = first <= arrival.facts.booking_date <= last
        return row.source != self.window.source and covered and self.window.holds(row.facts.booking_date)

    def _alike(self, *, same_day: bool) -> None:
        best_first = sorted(
            self._pairs(same_day=same_day), key=lambda pair: (-pair[0], -pair[1], _order(pair[2]), pair[3].pk)
        )
        settled: set[int] = set()
        for _, _, arrival, row in best_first:
            if arrival.position in settled or row.pk not in self.free:
                continue
            self._known(arrival, row, Note.AMENDED_TEXT if row.source == self.window.source else None)
            settled.add(arrival.position)
        self._keep_open(settled)

    def _doubt(self, arrival: Arrival) -> Note | None:
        facts = arrival.facts
        for row in self._near_other_source().get(facts.amount, ()):
            apart = abs((row.facts.booking_date - facts.booking_date).days)
            if 0 < apart <= SHIFT_DAYS and likeness(facts, row.facts) >= _AMENDED:
                return Note.MAYBE_KNOWN
        return None

    def _near_other_source(self) -> dict[Decimal, list[Stored]]:
        if not hasattr(self, "_others"):
            self._others: dict[Decimal, list[Stored]] = {}
            for row in self.free.values():
                if row.source != self.window.source:
                    self._others.setdefault(row.facts.amount, []).append(row)
        return self._others

    def _identity(self, arrival: Arrival) -> str:
        wanted = arrival.source_id
        if not wanted or wanted in self.taken:
            print_ = arrival.facts.fingerprint
            ordinal = self._ordinals()[print_] + 1
            while (wanted := f"f:{print_}:{ordinal}") in self.taken:
                ordinal += 1
            self._ordinals()[print_] = ordinal
        self.taken.add(wanted)
        return wanted

    def _ordinals(self) -> Counter[str]:
        if not hasattr(self, "_counted"):
            self._counted: Counter[str] = Counter()
        return self._counted

    def _vanished(self) -> tuple[Stored, ...]:
        """Only a live source shows a day again, and it may silently begin later than it was asked to."""
        if not self.window.is_live or not self.verdicts:
            return ()
        first = min(verdict.arrival.facts.booking_date for verdict in self.verdicts.values())
        return tuple(
            row
            for row in self.free.values()
            if row.source == self.window.source and row.facts.booking_date > first
            and self.window.holds(row.facts.booking_date)
        )  # fmt: skip


def _references(facts: Facts) -> set[str]:
    return {reference for reference in (facts.bank_reference, facts.bank_entry_id) if reference}


def _near(facts: Facts, others: Iterable[Facts]) -> bool:
    return any(abs((other.booking_date - facts.booking_date).days) <= NEAR_DAYS for other in others)
