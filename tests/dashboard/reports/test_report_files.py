"""CSV, workbook and PDF of one report: what they hold, and what they do not let run."""

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from payymo.dashboard import csv_files, formats
from payymo.dashboard.pages import Amount
from payymo.dashboard.reports import drawing, files, pdf_file, pdf_text
from payymo.dashboard.reports.cells import written
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report

MADE = pdf_file.Made("Müller & Söhne 東京", datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
COLUMNS = (
    Column("client", "Client"),
    Column("currency", "Currency", is_shown=False),
    Column("month", "Month", Kind.MONTH),
    Column("amount", "Amount", Kind.MONEY),
    Column("share", "Share", Kind.SHARE),
)
CHART = Chart("By month, EUR", ("Bank", "Stripe"), (Group("Oct", (Decimal(3), Decimal(4))),), "EUR", is_stacked=True)


def report(*rows, **changes):
    values = {
        "name": "some", "title": "Some: report", "period": "Oct 2026", "sentence": "It is so.", "columns": COLUMNS,
        "rows": lambda: rows, "charts": (CHART,), "notes": ("A = B.",), "currencies": ("EUR",),
    }  # fmt: skip
    return Report(**{**values, **changes})


def row(client="Northwind", amount="1190.000", currency="EUR"):
    return (client, currency, date(2026, 10, 1), Amount(Decimal(amount), currency), 0.25)


def bytes_of(write, *args, **kwargs):
    out = io.BytesIO()
    write(out, *args, **kwargs)
    return out.getvalue()


def lines_of_csv(made):
    text = bytes_of(files.write_csv, made).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def sheets(made, *more):
    book = CalamineWorkbook.from_filelike(io.BytesIO(bytes_of(files.write_workbook, [made, *more], tenant="Acme")))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_csv_holds_every_column_with_the_currencys_own_digits():
    assert lines_of_csv(report(row(), row(amount="5", currency="JPY"))) == [
        ["client", "currency", "month", "amount", "share"],
        ["Northwind", "EUR", "2026-10", "1190.00", "0.25"],
        ["Northwind", "JPY", "2026-10", "5", "0.25"],
    ]


def test_what_rounds_to_nothing_has_no_sign_in_a_table():
    assert lines_of_csv(report(row(amount="-0.003")))[1][3] == "0.00"


def test_a_table_ends_where_it_must(monkeypatch):
    monkeypatch.setattr(csv_files, "MOST_ROWS", 2)
    monkeypatch.setattr(files, "MOST_ROWS", 2)

    assert "Only the first 2" in lines_of_csv(report(*[row()] * 4))[3][0]
    [sheet] = sheets(report(*[row()] * 4)).values()
    assert "Only the first 2" in sheet[8][0]


@pytest.mark.parametrize("sign", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "＝1"])
def test_no_cell_of_a_table_runs(sign):
    assert lines_of_csv(report(row(sign)))[1][0].startswith("'")
    book = bytes_of(files.write_workbook, [report(row(sign))], tenant="=evil()")

    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert all(b"<f>" not in parts.read(name) for name in parts.namelist() if "worksheets" in name)
        assert b'quotePrefix="1"' in parts.read("xl/styles.xml")
    [sheet] = sheets(report(row(sign))).values()
    assert sheet[6][0] == sign


@given(text=st.text(max_size=40))
def test_whatever_a_payer_is_called_no_csv_cell_begins_like_a_formula(text):
    written_cell = csv_files.harmless(text)

    assert written_cell in (text, f"'{text}")
    assert not written_cell.startswith(("=", "+", "@", "\t", "\r"))


def test_a_workbook_has_a_sheet_a_report_with_totals_notes_and_figures_as_numbers():
    total = ("All, EUR", "EUR", None, Amount(Decimal(1190), "EUR"), None)
    found = sheets(report(row(), totals=(total,)), report(row(), title="Another with a very long title indeed"))

    assert list(found) == ["1 Some report", "2 Another with a very long titl"]
    sheet = found["1 Some report"]
    assert [line[0] for line in sheet[:4]] == ["Acme", "Some: report", "Oct 2026", "It is so."]
    assert sheet[6][3] == 1190.0
    assert sheet[6][2] == date(2026, 10, 1)
    assert sheet[7][0] == "All, EUR"
    assert any(line[0] == "A = B." for line in sheet)


@pytest.mark.parametrize(
    ("unit", "pattern"),
    [("EUR", "#,##0.00"), ("JPY", "#,##0"), ("KWD", "#,##0.000"), ("%", "0%"), ("", "#,##0"), ("h", "#,##0.0")],
)
def test_the_figures_of_a_picture_have_the_digits_of_their_unit(unit, pattern):
    chart = Chart("By month", ("Bank",), (Group("Oct", (Decimal(3),)),), unit)
    made = zipfile.ZipFile(io.BytesIO(bytes_of(files.write_workbook, [report(charts=(chart,))], tenant="Acme")))
    sheet, styles = made.read("xl/worksheets/sheet1.xml").decode(), made.read("xl/styles.xml").decode()

    used = int(re.search(r'<c r="B\d+" s="(\d+)"><v>3</v>', sheet)[1])
    format_of = re.findall(r'numFmtId="(\d+)"', styles[styles.index("<cellXfs") :])[used]

    known = {"3": "#,##0", "4": "#,##0.00", "9": "0%"}
    own = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]+)"', styles))
    assert (own | known)[format_of] == pattern


def pdf(*reports):
    return bytes_of(pdf_file.write, reports, MADE, title="Pack")


def test_a_pdf_has_as_many_pages_as_it_needs_and_counts_them_once():
    made = pdf(report(*[row(f"Client {number}") for number in range(120)]))

    assert made.startswith(b"%PDF-1.")
    assert (made.count(b"/Type /Page\n"), made.count(b"/Subtype /Form")) == (3, 1)


def test_no_figure_is_cut_however_many_and_wide_they_are():
    columns = (Column("client", "Client"), *(Column(f"m{n}", f"Column {n}", Kind.MONEY) for n in range(9)))
    wide, narrow = Amount(Decimal("-999999999999.99"), "EUR"), Amount(Decimal(1), "EUR")
    # The last is wider than all that the columns were measured by.
    rows = [("Northwind", *[narrow] * 9)] * 250 + [("Northwind", *[wide] * 9)]
    few, many = report(*rows[:2], rows[-1], columns=columns, charts=()), report(*rows, columns=columns, charts=())

    for made in (few, many):
        texts = [page.extract_text() for page in PdfReader(io.BytesIO(pdf(made))).pages]
        assert "".join(texts).count(formats.figure(wide)) == 9
        assert "…" not in "".join(texts)


def test_the_names_of_a_picture_stay_on_the_page():
    names = tuple(f"{letter * 60} GmbH" for letter in "ABCD")
    chart = Chart("By month", names, (Group("Oct", (Decimal(1),) * 4),), "EUR")
    [page] = PdfReader(io.BytesIO(pdf(report(row(), charts=(chart,))))).pages
    places: dict[str, float] = {}
    page.extract_text(visitor_text=lambda text, _cm, at, *_: places.setdefault(text.strip(), at[4]))

    ends = [places[name] + pdf_text.width(name, 7.5) for name in names]
    assert max(ends) <= float(page.mediabox.width)


def test_several_reports_are_one_pdf_with_a_list_of_them_and_bookmarks():
    made = pdf(report(row()), report(row(), name="other", title="Other"))

    assert made.count(b"/Type /Page\n") == 3
    assert {b"/Title (Other)", b"/Title (Some: report)"} == set(re.findall(rb"/Title \((?:Other|Some[^)]*)\)", made))


def test_a_pdf_embeds_what_it_draws_and_nothing_more():
    made = pdf(report(row("株式会社")))

    assert made.count(b"/FontFile2") == len(set(re.findall(rb"/BaseFont /[A-Z]{6}\+[\w-]+", made)))
    assert len(made) < 60_000


def test_an_empty_report_is_a_page_all_the_same():
    assert pdf(report(charts=(), notes=())).count(b"/Type /Page\n") == 1


@pytest.mark.parametrize(
    "text", ["Kowalska", "Łódź Žižkov", "Αθήνα", "Київ", "株式会社サンプル", "한국 주식회사", "שלום", "شركة"]
)
def test_a_name_is_drawn_by_a_font_that_has_its_letters(text):
    coverage = pdf_text._coverage()

    parts = list(pdf_text._runs(pdf_text.in_order(text), pdf_text.font()))

    assert all(ord(sign) in coverage[name] for name, part in parts for sign in part)
    assert pdf_text.width(text, 8) > 0


def test_what_is_read_from_the_right_is_drawn_so():
    assert pdf_text.in_order("שלום 12") == "12 םולש"
    assert pdf_text.in_order("Acme 12") == "Acme 12"


def test_a_long_name_is_broken_and_what_is_over_is_cut_with_a_sign():
    lines = pdf_text.lines_of("Wohnungsbaugenossenschaft " * 6, 8, 90, most=3)

    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(pdf_text.width(line, 8) <= 90 for line in lines)


def test_a_name_without_end_comes_to_an_end():
    assert len(pdf_text.lines_of("x" * 500, 8, 40, most=3)) == 3


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("Rechnungsnummer", ["Rechnungs-", "nummer"]),
        ("Kundennummern", ["Kundennum-", "mern"]),
        ("Zehnlettern", ["Zehnlette-", "rn"]),
    ],
)
def test_a_word_that_no_line_holds_is_parted_by_a_hyphen(word, lines):
    assert drawing._fitting(word, Decimal(66)) == lines


@pytest.mark.parametrize(
    ("most", "unit", "figures"),
    [("2", "", ["0", "1", "2"]), ("1", "", ["0", "1"]), ("2", "h", ["0", "0.5", "1", "1.5", "2"])],
)
def test_an_axis_of_counts_has_whole_figures(most, unit, figures):
    drawn = drawing.draw(Chart("x", ("a",), (Group("Nov", (Decimal(most),)),), unit=unit))

    assert [line.text for line in drawn.lines] == figures


def test_a_long_name_takes_two_lines_and_no_room_of_the_next():
    names = ("Captured, but the invoice is unpaid", "WHMCS shows another amount", "x" * 90, "Fee", "", "In no payout")

    drawn = drawing.draw(Chart("x", ("a",), tuple(Group(name, (Decimal(1),)) for name in names)))

    texts = [[line.text for line in label.lines] for label in drawn.labels]
    assert texts[:2] == [["Captured, but the", "invoice is unpaid"], ["WHMCS shows", "another amount"]]
    assert texts[2] == ["x" * 16 + "-", "…"]
    assert texts[3:] == [["Fee"], [], ["In no payout"]]
    assert all(len(line) * 5.8 < 110 for lines in texts for line in lines)
    assert all(drawn.base < line.y <= drawn.height for label in drawn.labels for line in label.lines)


@given(st.lists(st.decimals(-(10**9), 10**9, allow_nan=False, places=2), min_size=1, max_size=30))
def test_bars_stay_inside_the_picture_and_keep_their_proportions(values):
    chart = Chart("x", ("a",), tuple(Group(str(place), (value,)) for place, value in enumerate(values)), "EUR")

    drawn = drawing.draw(chart)

    for box in drawn.boxes:
        assert drawing.TOP - 1 <= box.y <= box.y + box.height <= drawn.base + 1
        assert drawn.left <= box.x <= box.x + box.width <= drawn.width
    assert len(drawn.boxes) == sum(1 for value in values if value)


def test_stacked_bars_stand_on_each_other():
    first, second = drawing.draw(CHART).boxes

    assert first.y == second.y + second.height
    assert (first.tone, second.tone) == (1, 2)
    assert second.title == "Oct · Stripe: 4.00\u00a0EUR"


def test_cells_are_written_in_the_readers_language():
    with override("de"):
        assert written(Amount(Decimal("-1190.5"), "EUR"), Kind.MONEY) == "−1.190,50\u00a0EUR"
        assert written(date(2026, 3, 1), Kind.MONTH) == "März 2026"
    assert written(Decimal("3.25"), Kind.SECONDS) == "3.2\u00a0s"
    assert written(None, Kind.COUNT) == ""
    assert written(0, Kind.COUNT) == "0"
