import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from matching.core.types import ReasonCode
from payymo.dashboard import formats, words
from payymo.dashboard.amounts import read_amount, read_local_amount
from payymo.dashboard.charts import flow_chart
from payymo.dashboard.highlight import as_html, merged
from payymo.dashboard.pages import Amount, Flow, FlowDay, Marked, Span
from payymo.shared.money import UnreadableAmount

NOW = datetime(2026, 11, 14, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "value", "currency", "written"),
    [
        ("en", "1190", "EUR", "1,190.00\u00a0EUR"),
        ("de", "1190", "EUR", "1.190,00\u00a0EUR"),
        ("en", "-0.5", "EUR", "\u22120.50\u00a0EUR"),
        ("en", "1234", "JPY", "1,234\u00a0JPY"),
        ("en", "1.5", "KWD", "1.500\u00a0KWD"),
        # Shops round these; banks and invoices do not.
        ("en", "1234.56", "RSD", "1,234.56\u00a0RSD"),
        ("en", "0.125", "IQD", "0.125\u00a0IQD"),
        ("en", "0", "GBP", "0.00\u00a0GBP"),
        # A gateway's fee may have parts of a cent: what rounds to nothing has no sign.
        ("en", "-0.003", "EUR", "0.00\u00a0EUR"),
    ],
)
def test_money_has_the_digits_of_its_currency_and_language(language, value, currency, written):
    with override(language):
        assert formats.money(Amount(Decimal(value), currency)) == written


def test_an_axis_groups_the_digits_where_a_language_has_no_short_word():
    for language, written in (("en", ["4K", "200K"]), ("de", ["4.000", "200.000"])):
        with override(language):
            assert [formats.compact(Decimal(value)) for value in (4000, 200000)] == written


def test_what_is_asked_of_the_engine_keeps_its_decimals_in_every_language():
    with override("de"):
        assert (formats.plain(0.9985), formats.share(0.995)) == ("0,9985", "99,5\u00a0%")


def test_score_never_rounds_up_to_certain():
    with override("en"):
        assert [formats.score(value) for value in (0.987, 0.9999, 1, Decimal("0.005"))] == [
            "0.98",
            "0.99",
            "1.00",
            "0.00",
        ]


def test_a_share_reads_whole_or_nothing_only_when_it_is():
    shares = (0, 0.004, Decimal("0.006"), 0.87, Decimal("0.994"), 0.995, Decimal("0.99999999"), 1, Decimal("1.2"))

    with override("en"):
        assert [formats.percent(share) for share in shares] == [
            "0%", "under 1%", "1%", "87%", "99%", "over 99%", "over 99%", "100%", "120%",
        ]  # fmt: skip
    with override("de"):
        assert [formats.percent(share) for share in (0.001, 0.999)] == ["unter 1\u00a0%", "über 99\u00a0%"]


@given(st.fractions(min_value=0, max_value=1))
def test_a_bar_is_full_or_empty_only_when_its_share_is(share):
    assert (formats.bar(share) == 0, formats.bar(share) == 100) == (share == 0, share == 1)
    assert abs(formats.bar(share) - 100 * share) < 1


def test_dates_read_day_before_month():
    with override("en"):
        assert formats.day(date(2026, 11, 14)) == "14 Nov 2026"
        assert formats.day_short(date(2026, 11, 4)) == "4 Nov"
        assert formats.full_moment(NOW) == "14 Nov 2026, 09:30 UTC"


@pytest.mark.parametrize(
    ("apart", "words"),
    [
        (timedelta(seconds=-2), "just now"),
        (timedelta(seconds=-12), "12 sec ago"),
        (timedelta(seconds=-78), "1 min ago"),
        (timedelta(minutes=-5), "5 min ago"),
        (timedelta(hours=3), "in 3 hr"),
        (timedelta(days=-30), "15 Oct 2026"),
    ],
)
def test_moment_is_worded_from_now(apart, words):
    with override("en"):
        assert formats.moment(NOW + apart, NOW).text == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE89\u00a0…\u00a03000"),
        ("12345678", "…\u00a05678"),
        ("123", "123"),
    ],
)
def test_account_number_shows_its_ends_only(text, shown):
    assert formats.masked_iban(text) == shown


def test_invisible_characters_are_shown():
    assert formats.visible("a\tb\u202ec\x7f") == "a␉b⟨U+202E⟩c␡"


def test_marks_wrap_escaped_pieces():
    marked = Marked("<b>INV-1042 & more", (Span(3, 11), Span(8, 11), Span(99, 120), Span(5, 4)))

    assert as_html(marked) == "&lt;b&gt;<mark>INV-1042</mark> &amp; more"


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6))
def test_marking_never_loses_or_reorders_text(text, pairs):
    spans = tuple(Span(*pair) for pair in pairs)

    html = str(as_html(Marked(text, spans)))

    plain = str(as_html(Marked(text)))
    assert html.replace("<mark>", "").replace("</mark>", "") == plain
    clipped = merged(spans, len(text))
    assert all(a.end < b.start for a, b in itertools.pairwise(clipped))


def test_chart_bars_stay_inside_and_matched_never_exceeds_received():
    days = tuple(FlowDay(date(2026, 11, n), Decimal(n * 100), Decimal(n * 150)) for n in range(1, 15))

    chart = flow_chart(Flow("EUR", days, "", Amount(Decimal(1), "EUR"), Amount(Decimal(1), "EUR")))

    assert len(chart.bars) == 14
    assert all(Decimal(bar.matched_height) == Decimal(bar.height) for bar in chart.bars)
    assert all(0 <= Decimal(bar.top) <= chart.base for bar in chart.bars)
    assert next(line.text for line in chart.grid) == "0"


def test_chart_of_days_without_money_has_flat_bars():
    days = (FlowDay(date(2026, 11, 1), Decimal(0), Decimal(0)),)

    chart = flow_chart(Flow("EUR", days, "", Amount(Decimal(0), "EUR"), Amount(Decimal(0), "EUR")))

    assert [bar.height for bar in chart.bars] == ["0.0"]


def test_no_two_kinds_of_evidence_have_one_title():
    titles = [words.reason(code, "yes", {})[0] for code in ReasonCode]

    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("style", ["", *formats.NUMBER_STYLES])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_chosen_style_of_numbers_is_written_and_read_alike(language, style):
    with override(language), formats.numbers_as(style):
        written = formats.figure(Amount(Decimal("1234.56"), "EUR"))

        assert read_local_amount(written, digits=2) == Decimal("1234.56")
        if style:
            assert written.replace("\u202f", "\u00a0") == formats.NUMBER_STYLES[style]


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("style", ["", *formats.NUMBER_STYLES])
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("value", ["7", "190", "1190", "1234567"])
def test_an_amount_is_read_as_the_page_writes_it(value, language, style, currency):
    amount = Amount(Decimal(value), currency)
    with override(language), formats.numbers_as(style):
        assert read_amount(formats.figure(amount), currency) == amount.value
        assert read_amount(formats.money(amount), currency) == amount.value


@pytest.mark.parametrize(
    ("language", "text", "currency", "value"),
    [
        ("en", "1.190,00", "EUR", "1190"),
        ("de", "1,190.00", "EUR", "1190"),
        ("en", "1.234.567", "EUR", "1234567"),
        ("en", "1190.5", "EUR", "1190.5"),
        ("de", "1190.50", "EUR", "1190.5"),
        ("en", "EUR 1,190", "EUR", "1190"),
        ("de", "1.190", "JPY", "1190"),
        ("en", "12,345", "KWD", "12.345"),
        ("en", "1’190.00", "CHF", "1190"),
    ],
)
def test_an_amount_is_read_in_the_marks_of_either_language(language, text, currency, value):
    with override(language):
        assert read_amount(text, currency) == Decimal(value)


@pytest.mark.parametrize(
    ("language", "text", "currency"),
    [
        ("en", "1.190", "EUR"),
        ("de", "1,190", "EUR"),
        ("de", "1,190", "JPY"),
        ("en", "1190,500", "EUR"),
        ("en", "1,190,00", "EUR"),
        ("en", "1,19,0.00", "EUR"),
        ("en", "1,190.00 USD", "EUR"),
        ("en", "1,190.001", "EUR"),
        ("en", "EUR", "EUR"),
        ("en", "-5", "EUR"),
        ("en", "1.2.3,4", "EUR"),
    ],
)
def test_a_mark_that_is_none_of_the_readers_own_makes_no_amount_a_thousand_times_another(language, text, currency):
    with override(language), pytest.raises(UnreadableAmount):
        read_amount(text, currency)


def test_a_style_of_numbers_ends_with_its_request_and_leaves_days_to_the_language():
    with override("en"):
        with formats.numbers_as("de"):
            assert formats.day(date(2026, 11, 14)) == "14 Nov 2026"
            with formats.numbers_as("nothing like it"):
                assert formats.number(1234) == "1,234"
            assert formats.number(1234) == "1.234"

        assert formats.number(1234) == "1,234"
