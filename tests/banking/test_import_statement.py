"""`manage.py import_statement FILE --dry-run`."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.banking import statements
from tests.banking.workbooks import archive

SAMPLES = Path(__file__).parents[1] / "samples"


def run(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("import_statement", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_json_is_a_list_of_statements():
    [statement] = json.loads(run(SAMPLES / "camt/okane-test1.xml", "--dry-run", "--json"))

    assert (statement["opening"], statement["closing"], statement["proved"]) == ("1000.00", "2000.00", True)
    assert [entry["amount"] for entry in statement["entries"]] == ["1500.00", "-500.00"]


def test_summary_names_proof_and_refusals():
    out = run(SAMPLES / "camt/apiome-camt.054.001.08.xml", "--dry-run")

    assert "1 entries, 1 refused" in out
    assert "line 52: The amount is in USD, but the account is in EUR." in out


def test_settings_answer_what_the_file_leaves_open():
    out = run(SAMPLES / "csv/csv2ofx-schwab-checking.csv", "--dry-run", "--currency", "USD")

    assert "opening 1093.74, closing 878.47, proved by its balances" in out


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "The file is empty."),
        ("a.zip", b"PK\x03\x04", "The archive is damaged."),
        ("noise.csv", b"hello", "The file is no bank statement"),
        ("columns.csv", b"a;b\n1;2\n", "Which column holds the booking date?"),
        (
            "abc.sta",
            b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302CabcNTRF\n",
            "Line 4: The amount 'abc' cannot be read.",
        ),
    ],
)
def test_bad_file_ends_with_one_line_and_status_2(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(CommandError) as refusal:
        run(path, "--dry-run", "--json")

    assert refusal.value.returncode == 2
    assert str(refusal.value).startswith(f"{path}: ")
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_missing_file_and_folder_end_with_status_2(tmp_path):
    for path, sentence in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(CommandError, match=sentence) as refusal:
            run(path, "--dry-run")

        assert refusal.value.returncode == 2


def test_every_file_of_an_archive_is_read(tmp_path):
    packed = tmp_path / "march.zip"
    packed.write_bytes(archive({"one.xml": statements.camt(("1.00", "a")), "two.sta": statements.mt940(("2.00", "b"))}))

    told = json.loads(run(packed, "--dry-run", "--json"))

    assert [statement["format"] for statement in told] == ["camt053", "mt940"]
