import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from matching.parsers.export import Export, LineError, amount_minor

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = [
    {
        "id": 7,
        "firstname": "Anna",
        "lastname": "Kowalska",
        "companyname": "Kowalska Bau GmbH",
        "email": "a@kow.example",
    },
    {"id": 8, "firstname": "Marek", "lastname": "Novák", "companyname": "", "email": "marek@novak.example"},
]


def issued(invoice_id, number, total, *, userid=7, on="2026-03-01", status="Unpaid", **changes):
    return {
        "id": invoice_id, "userid": userid, "invoicenum": number, "date": on, "duedate": "2026-03-15",
        "subtotal": total, "total": total, "balance": total, "status": status, "currencycode": "EUR",
        "paymentmethod": "banktransfer", "items": [{"description": "Web Hosting - kow.example", "amount": total}],
        **changes,
    }  # fmt: skip


def entry(uid, amount, text, name, *, on="2026-03-10", status="booked", **changes):
    transaction = {
        "bookingDate": on,
        "valueDate": on,
        "transactionAmount": {"amount": amount, "currency": "EUR"},
        "debtorName": name,
        "remittanceInformationUnstructured": text,
        **changes,
    }
    if status == "pending":
        del transaction["bookingDate"]
    return {"uid": uid, "account_id": "acc", "status": status, "transaction": transaction}


def captured(charge_id, amount, metadata, *, status="succeeded"):
    return {
        "id": charge_id, "object": "charge", "amount": amount, "amount_captured": amount, "captured": True,
        "created": 1773136800, "currency": "eur", "customer": None, "description": None, "metadata": metadata,
        "receipt_email": "marek@novak.example", "billing_details": {"name": "Marek Novák"}, "status": status,
    }  # fmt: skip


INVOICES = [
    issued(101, "RE-2026-00101", "119.00"),
    issued(102, "RE-2026-00102", "49.90", userid=8),
    issued(103, "RE-2026-00103", "119.00", on="2026-03-20"),
]
ROWS = [
    entry("b1", "119.00", "RE-2026-00101", "Kowalska Bau GmbH", entryReference="E1"),
    entry("b2", "119.00", "RE-2026-00101", "Kowalska Bau GmbH", entryReference="E1"),
    entry("p1", "119.00", "RE-2026-00103", "Kowalska Bau GmbH", status="pending"),
    entry("b3", "500.00", "STRIPE PAYOUT", "STRIPE", on="2026-03-11"),
    entry("b4", "-119.00", "RE-2026-00101", "Supplier", on="2026-03-11"),
    entry("b5", "119.00", "RE-2026-00103", "Kowalska Bau GmbH", on="2026-03-12"),
]
CHARGES = [
    captured("ch_1", 4990, {"invoice_id": "102"}),
    captured("ch_2", 4990, {"invoice_id": "102"}, status="failed"),
]
PAYOUTS = [{"id": "po_1", "amount": 50000, "currency": "eur", "arrival_date": 1773187200, "statement_descriptor": None}]


def write_lines(path: Path, records) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    there = tmp_path / "export"
    there.mkdir()
    (there / "header.json").write_text(json.dumps({"account_currency": "EUR", "cutoff": "2026-03-01"}))
    for name, records in (
        ("clients", CLIENTS),
        ("invoices", INVOICES),
        ("bank_transactions", ROWS),
        ("stripe_charges", CHARGES),
        ("stripe_payouts", PAYOUTS),
        ("feedback", []),
    ):
        write_lines(there / f"{name}.jsonl", records)
    return there


def judged(folder, tmp_path):
    out = tmp_path / "predictions.jsonl"
    call_command("match_files", str(folder), "--out", str(out), stderr=io.StringIO())
    return {line["id"]: line for line in map(json.loads, out.read_text(encoding="utf-8").splitlines())}


def test_every_row_gets_one_line_with_what_it_settles(folder, tmp_path):
    lines = judged(folder, tmp_path)

    assert {row: line["allocations"] for row, line in lines.items()} == {
        "b1": [[101, "119.00"]],
        "b2": [],
        "p1": [],
        "b3": [],
        "b4": [],
        "b5": [],
        "ch_1": [[102, "49.90"]],
        "ch_2": [],
    }
    assert lines["b1"]["auto"] is True
    assert lines["b1"]["confidence"] >= 0.985
    assert lines["b3"]["payout"] == "po_1"
    assert [lines[row]["reasons"] for row in ("b2", "p1", "b3", "b4", "ch_2")] == [
        ["duplicate_delivery"],
        ["pending"],
        ["payout"],
        ["debit"],
        ["failed"],
    ]


def test_an_invoice_that_is_not_issued_yet_is_unknown(folder, tmp_path):
    later = [*ROWS[:-1], entry("b5", "119.00", "RE-2026-00103", "Kowalska Bau GmbH", on="2026-03-21")]
    assert judged(folder, tmp_path)["b5"]["allocations"] == []

    write_lines(folder / "bank_transactions.jsonl", later)

    assert judged(folder, tmp_path)["b5"]["allocations"] == [[103, "119.00"]]


def test_of_a_charge_made_twice_the_first_pays_whatever_the_order_of_the_file(folder, tmp_path):
    first, second = captured("ch_b", 4990, {"invoice_id": "102"}), captured("ch_a", 4990, {"invoice_id": "102"})
    second["created"] += 600
    write_lines(folder / "stripe_charges.jsonl", [second, first])

    lines = judged(folder, tmp_path)

    assert (lines["ch_b"]["allocations"], lines["ch_a"]["allocations"]) == ([[102, "49.90"]], [])


def test_past_decisions_teach_the_payer(folder, tmp_path):
    months = [f"2026-0{month}-05" for month in range(1, 7)]
    debts = [issued(200 + n, "", "19.90", userid=8, on=day) for n, day in enumerate(months)]
    debts += [issued(300 + n, "", "19.90", on=day) for n, day in enumerate(months)]
    rows = [entry(f"r{n}", "19.90", "danke", "Hilde Huber", on=day) for n, day in enumerate(months)]
    write_lines(folder / "invoices.jsonl", debts)
    write_lines(folder / "bank_transactions.jsonl", rows)
    write_lines(folder / "stripe_charges.jsonl", [])
    verdicts = [
        {"id": f"r{n}", "allocations": [{"invoice": 200 + n, "amount": "19.90"}], "payout": None} for n in range(5)
    ]
    write_lines(folder / "feedback.jsonl", verdicts)

    assert judged(folder, tmp_path)["r5"]["allocations"] == [[205, "19.90"]]


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("bank_transactions.jsonl", "{not json", "not JSON"),
        ("bank_transactions.jsonl", json.dumps(entry("x", "1.005", "t", "n")), "1.005"),
        ("invoices.jsonl", json.dumps(issued(9, "RE-9", "10.00", currencycode="")), "'' is not a currency code"),
        ("bank_transactions.jsonl", "[1, 2]", "not an object"),
        ("bank_transactions.jsonl", json.dumps(entry("x", "abc", "t", "n")), "'abc' is not an amount"),
        ("bank_transactions.jsonl", json.dumps(entry("x", 11.9, "t", "n")), "11.9 is not an amount"),
        (
            "bank_transactions.jsonl",
            json.dumps(entry("x", "1.999", "t", "n")),
            "1.999 has more decimals than EUR allows",
        ),
        (
            "bank_transactions.jsonl",
            json.dumps(entry("x", "1.00", "t", "n", on="2026-13-40")),
            "'2026-13-40' is not a date",
        ),
        ("bank_transactions.jsonl", json.dumps({"uid": "x", "status": "booked"}), "transaction is missing"),
        ("clients.jsonl", json.dumps({"firstname": "Nobody"}), "id is missing"),
        ("clients.jsonl", json.dumps({"id": "seven"}), "id is not a whole number"),
        ("invoices.jsonl", json.dumps(issued(9, "X", "1.00", currencycode="euros")), "'euros' is not a currency code"),
        ("stripe_charges.jsonl", json.dumps({"id": "ch_x", "created": "now"}), "a time is not a number of seconds"),
        ("feedback.jsonl", json.dumps({"id": "b1", "allocations": [{"invoice": 101}]}), "amount is missing"),
    ],
)
def test_a_broken_line_is_named_skipped_and_counted(folder, tmp_path, capfd, file, line, reason):
    path = folder / file
    path.write_text(line + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    out = tmp_path / "out.jsonl"

    with pytest.raises(SystemExit) as stopped:
        call_command("match_files", str(folder), "--out", str(out))

    assert stopped.value.code == 1
    said = capfd.readouterr().err
    assert f"{file}, line 1: {reason}" in said
    assert "8 rows judged, 1 broken lines left out" in said
    assert len(out.read_text(encoding="utf-8").splitlines()) == 8


def test_a_missing_folder_is_one_clear_line(tmp_path):
    with pytest.raises(CommandError, match="nowhere is not a folder") as refused:
        call_command("match_files", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out.jsonl"))

    assert refused.value.returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda there: (there / "clients.jsonl").unlink(), "holds no clients.jsonl"),
        (lambda there: (there / "header.json").write_text("{}"), "does not name an account_currency"),
        (lambda there: (there / "header.json").write_text("no"), "does not name an account_currency"),
    ],
)
def test_an_incomplete_folder_is_refused_and_nothing_is_written(folder, tmp_path, spoil, reason):
    spoil(folder)

    with pytest.raises(CommandError, match=reason) as refused:
        call_command("match_files", str(folder), "--out", str(tmp_path / "out.jsonl"))

    assert refused.value.returncode == 2
    assert not (tmp_path / "out.jsonl").exists()


def test_an_unwritable_place_is_one_clear_line(folder, tmp_path):
    with pytest.raises(CommandError, match="No such file or directory") as refused:
        call_command("match_files", str(folder), "--out", str(tmp_path / "no" / "out.jsonl"))

    assert refused.value.returncode == 2


def test_the_command_runs_where_there_is_no_database(folder, tmp_path):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "payymo.settings_test",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    out = tmp_path / "out.jsonl"

    done = subprocess.run(
        [sys.executable, "manage.py", "match_files", str(folder), "--out", str(out), "--progress"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert (done.returncode, len(out.read_text(encoding="utf-8").splitlines())) == (0, 8)
    assert "8/8" in done.stderr


def test_the_truth_is_never_read(folder, tmp_path):
    (folder / "truth.jsonl").mkdir()

    assert judged(folder, tmp_path)["b1"]["allocations"] == [[101, "119.00"]]


def test_an_export_reads_an_instructed_amount_in_either_shape(folder):
    exchange = {"sourceCurrency": "USD", "instructedAmount": {"amount": "129.00", "currency": "USD"}}
    rows = [
        entry("x1", "119.00", "t", "n", currencyExchange=exchange),
        entry("x2", "119.00", "t", "n", currencyExchange=[exchange]),
        entry("x3", "119.00", "t", "n", currencyExchange={}),
    ]
    write_lines(folder / "bank_transactions.jsonl", rows)
    broken: list[LineError] = []

    read = [row.receipt for row in Export(folder, broken.append).bank_rows()]

    sent = [(receipt.instructed_amount_minor, receipt.instructed_currency) for receipt in read if receipt]
    assert (sent, broken) == ([(12900, "USD"), (12900, "USD"), (None, "")], [])


def test_invoices_and_charges_come_by_day_in_whatever_order_the_file_has_them(folder):
    write_lines(folder / "invoices.jsonl", [INVOICES[2], INVOICES[1], INVOICES[0]])
    later = {**CHARGES[0], "id": "ch_later", "created": CHARGES[0]["created"] + 86_400}
    write_lines(folder / "stripe_charges.jsonl", [later, *CHARGES])
    export = Export(folder, lambda error: pytest.fail(error.reason))

    assert [invoice.id for invoice in export.invoices()] == [101, 102, 103]
    assert [row.id for row in export.charges()] == ["ch_1", "ch_2", "ch_later"]


def test_a_broken_invoice_is_reported_once_wherever_it_breaks(folder, tmp_path):
    lines = (folder / "invoices.jsonl").read_text().splitlines()
    lines[1:1] = ["{", json.dumps({**INVOICES[0], "date": "soon"}), "", json.dumps({**INVOICES[0], "total": "much"})]
    lines.append(json.dumps({**INVOICES[0], "id": 999, "date": "2099-01-01", "balance": "?"}))
    (folder / "invoices.jsonl").write_text("\n".join(lines) + "\n")
    said = io.StringIO()

    with pytest.raises(SystemExit):
        call_command("match_files", str(folder), "--out", str(tmp_path / "out"), stderr=said, processes=2)

    places = sorted(
        int(line.split("line ")[1].split(":")[0]) for line in said.getvalue().splitlines() if "line " in line
    )
    assert places == [2, 3, 5, 8]


@pytest.mark.parametrize(
    ("written", "minor"), [("119.00", 11900), ("-0.05", -5), ("7", 700), ("7.5", 750), ("007.50", 750), ("+1.25", 125)]
)
def test_an_amount_is_read_the_fast_and_the_slow_way_alike(written, minor):
    assert amount_minor(written, "EUR") == minor
