"""Whatever bytes arrive: a clear refusal or exact entries, in bounded time."""

import json
import re
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from django.utils.translation import override
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from banking.parsers import archives, bai2, camt053, csv_file, mt940, ofx
from banking.parsers.assembly import check_lines
from banking.parsers.csv_detection import detect
from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.recognise import read
from banking.parsers.types import ParsedFile, Refusal
from banking.services.notes import worded
from payymo.shared.sentences import Sentence
from tests.banking import workbooks
from tests.banking.workbooks import archive

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*/*.*"))
CONTENTS = [path.read_bytes() for path in SAMPLES] + [workbooks.statement("12.3", "-7", "0.5")]
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(parsed: ParsedFile) -> None:
    """Every entry that comes out is complete and exact."""
    for statement in parsed.statements:
        for entry in statement.entries:
            assert entry.amount.is_finite()
            assert entry.currency == statement.account.currency
            assert entry.line >= 1
            assert entry.raw
            assert "\x00" not in entry.remittance_information + entry.counterparty_name
            assert len(entry.counterparty_name) <= 200
            assert max(len(entry.end_to_end_id), len(entry.bank_reference), len(entry.structured_reference)) <= 140
        assert all(refusal.line >= 1 and refusal.reason for refusal in statement.refused)
        for refusal in statement.refused[:5]:
            kept_and_read_in_german(refusal.why)


def kept_and_read_in_german(why: Sentence) -> None:
    """What was refused is read in another language from what a row keeps of it."""
    kept = json.loads(json.dumps(Refusal(1, why).as_dict()))
    with override("de"):
        assert worded(kept) == str(why) != kept["reason"]


def taken(source: bytes) -> None:
    reason = "Read."
    try:
        check(read(source, currency="EUR", date_order="dmy"))
    except UnreadableStatement as error:
        reason = error.reason
        kept_and_read_in_german(error.why)
    assert reason.endswith((".", "?"))
    assert "\n" not in reason


@quick
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_read(source):
    taken(source)


@quick
@given(st.text(alphabet=st.sampled_from('0123456789.,;:\n\r\t"-+/?CDRE {}()ab€é\x00'), max_size=300))
def test_any_text_of_the_trade_is_refused_or_read(text):
    taken(text.encode())


@quick
@given(
    st.sampled_from(CONTENTS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.binary(max_size=12)), max_size=4),
)
def test_damaged_samples_are_refused_or_read(source, damages):
    for place, cut, put in damages:
        at = int(place * len(source))
        source = source[:at] + put + source[at + cut :]

    taken(source)


@quick
@given(st.sampled_from(CONTENTS), st.floats(0, 1))
def test_cut_off_samples_are_refused_or_read(source, place):
    taken(source[: int(place * len(source))])


messy = st.text(alphabet=st.sampled_from("0123456789.,'-+() €abCDEU\u00a0٣"), max_size=12)


def digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


@settings(max_examples=400, deadline=None)
@given(messy, st.sampled_from(",."))
def test_amount_in_a_table_is_exact_or_refused(written, sign):
    mapping = CsvMapping(
        delimiter="\t",
        header_row=0,
        booking_date=0,
        amount=1,
        remittance_information=(2,),
        fixed_currency="EUR",
        date_order="ymd",
        decimal_sign=sign,
    )
    source = f"2026-01-01\t1\tgood\n2026-01-02\t{written}\tdoubtful".encode()

    [statement] = csv_file.parse(source, mapping).statements

    if len(statement.entries) == 1:
        assert [refusal.line for refusal in statement.refused] == [2]
        return
    amount = statement.entries[1].amount
    whole, _, decimals = written.rpartition(sign) if sign in written else (written, "", "")
    expected = Decimal(f"{digits(whole) or '0'}.{digits(decimals) or '0'}")
    assert digits(written)
    assert abs(amount) == expected


@settings(max_examples=400, deadline=None)
@given(messy)
def test_amount_in_a_swift_line_is_exact_or_refused(written):
    lines = [":20:A", ":25:1", ":60F:C260301EUR0,", ":61:260302C1,NTRFNONREF", f":61:260302C{written}NTRFNONREF", "-"]

    [statement] = mt940.parse("\n".join(lines).encode()).statements

    if len(statement.entries) == 1:
        assert [refusal.line for refusal in statement.refused] == [5]
        return
    # Letters behind a whole amount are a transaction type that no bank uses yet.
    found = re.fullmatch(r"[A-Z]? ?([0-9]*)(?:[,.]([0-9]*)(?:[A-Z].*)?)?", written)
    assert found
    assert abs(statement.entries[1].amount) == Decimal(f"{found[1] or '0'}.{found[2] or '0'}")


@settings(max_examples=300, deadline=None)
@given(messy.map(lambda text: text.replace("&", "").replace("<", "")))
def test_amount_in_xml_is_exact_or_refused(written):
    def entry(amount: str) -> str:
        return (
            f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
            "<BookgDt><Dt>2026-03-02</Dt></BookgDt></Ntry>"
        )

    source = f"<Document><BkToCstmrStmt><Stmt>{entry('1.00')}{entry(written)}</Stmt></BkToCstmrStmt></Document>"

    [statement] = camt053.parse(source.encode()).statements

    if len(statement.entries) == 1:
        assert len(statement.refused) == 1
    else:
        assert statement.entries[1].amount == Decimal(written.strip())


def plain(written: str) -> Decimal | None:
    """What an amount can only mean: digits and at most one sign of decimals that has no rival."""
    found = re.fullmatch(r"([+-]?)([0-9]*)(?:[.,]([0-9]*))?", written)
    return Decimal(f"{found[1]}{found[2] or '0'}.{found[3] or '0'}") if found and digits(written) else None


@settings(max_examples=300, deadline=None)
@given(messy.map(lambda text: text.replace("&", "").replace("<", "")))
def test_amount_in_ofx_is_exact_or_refused(written):
    def entry(amount: str, fitid: str) -> str:
        return f"<STMTTRN><DTPOSTED>20260302\n<TRNAMT>{amount}\n<FITID>{fitid}\n</STMTTRN>"

    listed = entry("1.00", "a") + entry(written, "b")
    source = f"<OFX><STMTRS><CURDEF>EUR\n<BANKTRANLIST>{listed}</BANKTRANLIST></STMTRS></OFX>"

    [found] = ofx.parse(source.encode()).statements

    if len(found.entries) == 1:
        assert len(found.refused) == 1
        return
    amount, meant = found.entries[1].amount, plain(written.strip())
    whole, _, decimals = re.sub(r"[^0-9.,]", "", written).replace(",", ".").rpartition(".")
    assert amount == (meant if meant is not None else abs(amount) * (-1 if "-" in written else 1))
    assert meant is not None or abs(amount) == Decimal(f"{digits(whole)}.{digits(decimals)}")


@settings(max_examples=300, deadline=None)
@given(messy.filter(lambda text: "," not in text))
def test_amount_in_bai2_is_exact_or_refused(written):
    head = "01,A,B,260303,0700,1,,,2/\n02,B,A,1,260302,,EUR,2/\n03,1,,/\n16,165,100,Z,,,a/\n"
    source = f"{head}16,165,{written},Z,,,b/\n49,,4/\n"

    [found] = bai2.parse(source.encode()).statements

    if len(found.entries) == 1:
        assert 5 in [refusal.line for refusal in found.refused]
        return
    assert found.entries[1].amount == Decimal(written.strip()) / 100


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.booleans())
def test_number_in_a_cell_of_a_workbook_is_exact(amount, as_float):
    source = workbooks.statement(repr(float(amount)) if as_float else f"{amount:f}")

    [found] = read(source).statements

    assert [entry.amount for entry in found.entries] == [amount]


@quick
@given(
    st.dictionaries(st.text("ab./\\:é", min_size=1, max_size=12), st.binary(max_size=60), max_size=4),
    st.floats(0, 1),
    st.binary(max_size=6),
)
@example({"::": b""}, 0.75, bytes(3))  # a file whose name is lost
def test_damaged_archives_are_refused_or_read(files, place, put):
    packed = archive(files)
    at = int(place * len(packed))

    for source in (packed, packed[:at] + put + packed[at + len(put) :], packed[:at]):
        reason = "Read."
        try:
            if archives.is_archive(source):
                reason = f"Read {len(archives.files(source))}."
        except UnreadableStatement as error:
            reason = error.reason
            kept_and_read_in_german(error.why)
        assert reason.endswith(".")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.decimals(min_value=-99999, max_value=99999, places=2), min_size=2, max_size=30), st.integers(0, 29))
def test_lost_row_is_always_seen_by_the_running_balance(amounts, place):
    running, rows = Decimal(0), []
    for number, amount in enumerate(amounts):
        running += amount
        rows.append(f"2026-01-{number % 28 + 1:02d};x;{amount};{running};EUR")
    lost = place % len(amounts)
    header = "Date;Text;Amount;Balance;Currency"

    whole = "\n".join([header, *rows]).encode()
    [complete] = csv_file.parse(whole, detect(whole).mapping).statements
    assert complete.proved is True

    if 0 < lost < len(amounts) - 1 and amounts[lost] and len(set(amounts)) == len(amounts):
        gap = "\n".join([header, *rows[:lost], *rows[lost + 1 :]]).encode()
        [holed] = csv_file.parse(gap, detect(gap).mapping).statements
        assert holed.proved is False or _runs_backwards(rows[:lost] + rows[lost + 1 :])


def _runs_backwards(rows: list[str]) -> bool:
    cells = [row.split(";") for row in rows]
    return all(Decimal(later[3]) + Decimal(former[2]) == Decimal(former[3]) for former, later in pairwise(cells))


# As large as the limits allow, so that they are worked on; made when their test runs.
HOSTILE = (
    lambda: b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n:86:" + b"x" * 990_000,
    lambda: b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n" + b":86:?20\n" * 490_000,
    lambda: b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n:86:" + b"?20x\n" * 490_000,
    lambda: b":20:A\n:25:1\n:60F:C260301EUR0,\n" + b":61:260302C" + b"1" * 990_000,
    lambda: b":20:A\n:25:" + b"1 A" * 330_000 + b"\n:60F:C260301EUR0,\n:61:260302C1,NTRF\n",
    lambda: b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n:86:/EREF/" + b"/REMI/" * 160_000,
    lambda: b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n:86:" + b"RF18 " * 198_000,
    lambda: b"Date;Text;Amount;Currency\n2026-01-31;" + b"x" * 100_000 + b";1.00;EUR\n",
    lambda: b"Date;Text;Amount;Currency\n" + b"2026-01-31;x;1.00;EUR\n" * 49_000,
    lambda: b"Date;Text;Amount;Currency\n2026-01-31;x;" + b" 1" * 60_000 + b";EUR\n",
    lambda: b"Date;Text;Amount;Currency\n" + b"1 " * 60_000 + b";x;1.00;EUR\n",
    lambda: b";" * 990_000,
    lambda: b"\n" * 490_000 + b"a;b",
    lambda: b"a;b\n" * 490_000,
    lambda: b'"' * 990_001,
    lambda: b"Date;Text;Amount;Currency\n" + (b"2026-01-31;" + b"x" * 990_000 + b";1.00;EUR\n") * 10,
    lambda: b"Date;Text;Amount;Currency\n" + (b"2026-01-31;" + b"x" * 9_900 + b";1.00;EUR\n") * 1_000,
    lambda: b"!Type:Bank\n" + (b"D1/1'26\nT1\nP" + b"x" * 990_000 + b"\n^\n") * 10,
    lambda: b":20:A\n:25:1\n:60F:C260301EUR0,\n" + (b":61:260302C1,NTRF\n:86:" + b"x" * 99_000 + b"\n") * 100,
    lambda: b"01,A,B,260303,\n02,B,A,1,260302,,EUR\n03,1,,/\n" + (b"16,165,1,Z,,," + b"x" * 99_000 + b"/\n") * 100,
    lambda: b"<a>" * 3_000_000,
    lambda: b"<Document><BkToCstmrStmt><Stmt>" + b"<Ntry/>" * 49_000 + b"</Stmt></BkToCstmrStmt></Document>",
    lambda: b"<Document>" + b"x&amp;" * 1_500_000 + b"</Document>",
    lambda: b"<Document " + b"a" * 9_000_000,
    lambda: b"<OFX>" + b"<A>" * 3_000_000,
    lambda: b"<OFX><STMTRS><CURDEF>EUR" + b"<STMTTRN><A>1</STMTTRN>" * 49_000,
    lambda: b"<OFX>" + b"<![CDATA[" * 1_000_000,
    lambda: b"<OFX>" + b"<" * 9_000_000,
    lambda: b"A:B\n" * 2_000_000 + b"<OFX>",
    lambda: b"01,A,B,260303,\n02,B,A,1,260302,,EUR\n03,1,,/\n" + b"88,x/\n" * 490_000,
    lambda: b"01,A,B,260303,\n02,B,A,1,260302,,EUR\n03,1,," + b"," * 990_000,
    lambda: b"01,A,B,260303,\n02,B,A,1,260302,,EUR\n03,1,,/\n" + b"16,165,1,Z,,,x/\n" * 49_000,
    lambda: b"!Type:Bank\n" + b"Px\n" * 490_000,
    lambda: b"!Type:Bank\n" + b"D1/1'26\nT1\n^\n" * 49_000,
    lambda: archive({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b"<c><f>" * 8_000_000}),
)
# A quadratic reader takes hours for these; processor time, so that a loaded machine fails nothing.
MOST_SECONDS = 5.0


@pytest.mark.parametrize("made", HOSTILE, ids=range(len(HOSTILE)))
def test_large_hostile_files_end_soon(made):
    source = made()
    began = time.process_time()

    taken(source)

    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    ("head", "line"),
    [
        (b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n", b":86:?20\n"),
        (b"Date;Text;Amount\n", b"2026-01-31;x;1.00\n"),
        (b"01,A,B,260303,0700,1,,,2/\n02,B,A,1,260302,,EUR,2/\n03,1,,/\n", b"88,x/\n"),
        (b"!Type:Bank\n", b"Px\n"),
    ],
    ids=["mt940", "csv", "bai2", "qif"],
)
def test_text_of_too_many_lines_or_too_long_ones_is_refused_before_it_is_taken_apart(head, line):
    with pytest.raises(FileTooLarge, match="more than 500,000 lines"):
        read(head + line * 500_001)
    with pytest.raises(FileTooLarge, match="more than 1,000,000 characters"):
        read(head + line[:-1] + b"x" * 1_000_001 + b"\n")


def test_lines_as_long_as_may_be_are_taken_and_the_first_longer_one_is_named():
    longest = "x" * 1_000_000

    check_lines(f"{longest}\n{longest}\r\n{longest}\r{longest}")
    with pytest.raises(FileTooLarge, match="Line 3 has more"):
        check_lines(f"{longest}\n\n{longest}x\n")


def test_ofx_entry_too_many_is_refused_when_it_is_met():
    with pytest.raises(FileTooLarge, match="more than 50,000 entries"):
        read(b"<OFX><STMTRS><CURDEF>EUR" + b"<STMTTRN><A>1</STMTTRN>" * 50_001)


def test_swift_entry_with_more_texts_than_any_bank_writes_is_refused():
    head = b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n"

    assert len(mt940.parse(head + b":86:text\n" * 200).statements[0].entries) == 1
    with pytest.raises(UnreadableStatement, match="line 4 has more than 200 texts"):
        mt940.parse(head + b":86:text\n" * 201)
