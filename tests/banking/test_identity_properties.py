"""Whatever part of the truth a source shows, in whatever order and however often, the account ends with the truth."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from banking.services.entry_values import Arrival, Facts, Stored, Window
from banking.services.identity import plan

START = date(2026, 3, 1)
DAYS = 8


def facts(day, amount, text, name="Erika Muster", reference=""):
    plain = Facts(
        booking_date=START + timedelta(day),
        amount=Decimal(amount),
        counterparty_name=name,
        remittance_information=text,
        bank_entry_id=reference,
    )
    return replace(plain, fingerprint=sha256(plain.as_told().encode()).hexdigest())


class Account:
    """An account as ingestion keeps it, without a database."""

    def __init__(self):
        self.rows = []

    def show(self, entries, *, source, first, last, live=False):
        """Show the entries of some complete days: (source id, facts) pairs."""
        spans = {}
        for row in self.rows:
            before = spans.get(row.source, (row.facts.booking_date,) * 2)
            spans[row.source] = (min(before[0], row.facts.booking_date), max(before[1], row.facts.booking_date))
        window = Window(
            source=source,
            complete_from=START + timedelta(first),
            complete_until=START + timedelta(last),
            is_live=live,
            coverage=spans,
        )
        arrivals = [Arrival(position, 0, own, told) for position, (own, told) in enumerate(entries)]
        outcome = plan(arrivals, self.rows, window)
        for verdict in outcome.verdicts:
            if verdict.is_new:
                self.rows.append(Stored(len(self.rows), verdict.identity, source, verdict.arrival.facts))
        return outcome

    def content(self):
        return Counter((row.facts.booking_date, *row.facts.content()) for row in self.rows)


_entries = st.lists(
    st.tuples(
        st.integers(0, DAYS - 1),
        st.sampled_from(["9.99", "11.90", "-4.00"]),
        st.sampled_from(["RE-1042", "RE-1043", "Hosting RE-1042 thanks", "Hosting", ""]),
    ),
    max_size=14,
)
_windows = st.lists(
    st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1)).map(sorted), min_size=1, max_size=6
)  # fmt: skip


def expected(truth, windows):
    seen = {day for first, last in windows for day in range(first, last + 1)}
    return Counter(
        (told.booking_date, *told.content()) for _, told in truth if (told.booking_date - START).days in seen
    )


def within(truth, first, last):
    return [(own, told) for own, told in truth if first <= (told.booking_date - START).days <= last]


@settings(deadline=None)
@given(_entries, _windows, st.randoms(use_true_random=False))
def test_any_windows_without_ids_give_the_truth(written, windows, random):
    truth = [("", facts(*entry)) for entry in written]
    account = Account()

    for first, last in windows:
        shown = within(truth, first, last)
        random.shuffle(shown)
        account.show(shown, source="camt.053", first=first, last=last)

    assert account.content() == expected(truth, windows)


@settings(deadline=None)
@given(_entries, _windows, st.randoms(use_true_random=False), st.booleans())
def test_any_windows_with_ids_give_the_truth_even_if_the_ids_change(written, windows, random, ids_change):
    truth = [(f"live:{number}", facts(*entry, reference=str(number))) for number, entry in enumerate(written)]
    account = Account()

    for turn, (first, last) in enumerate(windows):
        shown = within(truth, first, last)
        if ids_change:
            shown = [(f"{own}:{turn}", told) for own, told in shown]
        random.shuffle(shown)
        account.show(shown, source="live", first=first, last=last, live=True)

    assert account.content() == expected(truth, windows)
    assert len({row.identity for row in account.rows}) == len(account.rows)


@settings(deadline=None)
@given(_entries, st.integers(0, 14), st.randoms(use_true_random=False))
def test_entries_that_appear_late_are_added_once(written, cut, random):
    truth = [(f"live:{number}", facts(*entry)) for number, entry in enumerate(written)]
    account = Account()

    for shown in (truth[:cut], truth, truth[::-1]):
        random.shuffle(shown)
        account.show(shown, source="live", first=0, last=DAYS, live=True)

    assert account.content() == expected(truth, [(0, DAYS - 1)])


@settings(deadline=None)
@given(_entries, _windows, _windows, st.randoms(use_true_random=False))
def test_two_sources_of_one_account_give_the_truth_once(written, live_windows, file_windows, random):
    truth = [(f"live:{number}", facts(*entry)) for number, entry in enumerate(written)]
    told_by_file = [("", facts(day, amount, f"SVWZ+{text}", "MUSTER, ERIKA")) for day, amount, text in written]
    account = Account()
    turns = [("live", truth, *window) for window in live_windows]
    turns += [("mt940", told_by_file, *window) for window in file_windows]
    random.shuffle(turns)

    for source, told, first, last in turns:
        account.show(within(told, first, last), source=source, first=first, last=last, live=source == "live")

    per_day = Counter((told.booking_date, told.amount) for _, told in truth)
    seen = {START + timedelta(day) for _, _, first, last in turns for day in range(first, last + 1)}
    assert Counter((row.facts.booking_date, row.facts.amount) for row in account.rows) == Counter(
        {key: count for key, count in per_day.items() if key[0] in seen}
    )


@settings(deadline=None)
@given(_entries, st.randoms(use_true_random=False))
def test_the_order_of_an_answer_changes_nothing(written, random):
    truth = [
        (f"live:{number}", facts(*entry, reference="7" if number % 3 else "")) for number, entry in enumerate(written)
    ]
    shuffled = random.sample(truth, len(truth))
    one, other = Account(), Account()

    one.show(truth, source="live", first=0, last=DAYS, live=True)
    other.show(shuffled, source="live", first=0, last=DAYS, live=True)

    assert one.content() == other.content()
