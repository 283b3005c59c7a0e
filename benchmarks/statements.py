"""How long a statement file of 50,000 entries takes, and how much memory: reading alone, then the whole import.

Run inside servers that may be thrown away: `python -m payymo.local throwaway -- python benchmarks/statements.py`.
Each format is measured in a process of its own. `--read-only` leaves the import out and needs no servers.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")
LIMIT = 600
_SLUG = "statements"
_IBAN = "DE89370400440532013000"
_TEXT = "Invoice 2026-{0} of March, thank you, {0}"


def csv(count: int) -> bytes:
    """A table with a running balance."""
    rows = (f"2026-03-{n % 28 + 1:02d};Payer {n};{_TEXT.format(n)};{n % 900 + 1}.30;EUR;{_IBAN}" for n in range(count))
    return "\n".join(["Date;Payee;Text;Amount;Currency;Own account", *rows]).encode()


def camt(count: int) -> bytes:
    """A CAMT.053 that is as short as banks write it."""
    entries = (
        f'<Ntry><Amt Ccy="EUR">{n % 900 + 1}.30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-02'
        f"</Dt></BookgDt><NtryDtls><TxDtls><RmtInf><Ustrd>{n}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for n in range(count)
    )
    head = f"<Document><BkToCstmrStmt><Stmt><Acct><Id><IBAN>{_IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return f"{head}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>".encode()


def mt940(count: int) -> bytes:
    """A structured MT940 without balances that would prove it."""
    lines = (
        f":61:260302C{n % 900 + 1},30NTRFNONREF\n:86:166?00GUTSCHRIFT?20Invoice 2026-{n}?32Payer {n}"
        for n in range(count)
    )
    return "\n".join([":20:A", f":25:{_IBAN}", ":28C:1", ":60F:C260301EUR0,", *lines]).encode()


def ofx(count: int) -> bytes:
    """An OFX 1 file."""
    entries = (
        f"<STMTTRN><TRNTYPE>CREDIT\n<DTPOSTED>20260302\n<TRNAMT>{n % 900 + 1}.30\n<FITID>{n}\n<NAME>Payer {n}\n"
        f"<MEMO>{_TEXT.format(n)}\n</STMTTRN>\n"
        for n in range(count)
    )
    head = f"OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>EUR\n<BANKACCTFROM><ACCTID>{_IBAN}\n</BANKACCTFROM><BANKTRANLIST>\n"
    return f"{head}{''.join(entries)}</BANKTRANLIST></STMTRS></OFX>".encode()


def bai2(count: int) -> bytes:
    """A BAI2 file of one account, with the control total that it needs."""
    entries = (f"16,165,{n % 900 + 1}30,V,260303,,B{n},C{n},{_TEXT.format(n)}/" for n in range(count))
    trailer = f"49,{sum((n % 900 + 1) * 100 + 30 for n in range(count))},{count + 2}/"
    return "\n".join(
        ["01,B,P,260303,0700,1,,,2/", "02,P,B,1,260302,,EUR,2/", "03,1234567890,,/", *entries, trailer]
    ).encode()


def qif(count: int) -> bytes:
    """A QIF file whose dates tell their order."""
    entries = (f"D03/{n % 28 + 1:02d}/2026\nT{n % 900 + 1}.30\nPPayer {n}\nM{_TEXT.format(n)}\n^" for n in range(count))
    return "\n".join(["!Type:Bank", *entries]).encode()


def xlsx(count: int) -> bytes:
    """A workbook of one sheet, its texts in the cells and its days as numbers with a date's style."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    heads = "".join(
        f'<c r="{"ABCD"[column]}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for column, name in enumerate(("Date", "Payee", "Text", "Amount"))
    )
    rows = (
        f'<row r="{n}"><c r="A{n}" s="1"><v>{46082 + n % 28}</v></c><c r="B{n}" t="inlineStr"><is><t>Payer {n}</t></is>'
        f'</c><c r="C{n}" t="inlineStr"><is><t>{_TEXT.format(n)}</t></is></c><c r="D{n}"><v>{n % 900 + 1}.3</v></c>'
        "</row>"
        for n in range(2, count + 2)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}/main" xmlns:r="{office}"><sheets><sheet name="Sheet1" '
        'sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}/main"><sheetData><row r="1">{heads}</row>{"".join(rows)}'
        "</sheetData></worksheet>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


FORMATS = {one.__name__: one for one in (csv, camt, mt940, ofx, bai2, qif, xlsx)}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _read(name: str, count: int) -> str:
    from banking.parsers.recognise import read

    source = FORMATS[name](count)
    began, clock = time.perf_counter(), time.process_time()
    parsed = read(source, currency="EUR", date_order="mdy")
    entries = sum(len(statement.entries) for statement in parsed.statements)
    spent, used = time.perf_counter() - began, time.process_time() - clock
    return f"| {name} | read | {len(source) / 2**20:.1f} | {entries:,} | {spent:.1f} | {used:.1f} | {_peak()} |"


def _prepare(name: str, count: int) -> str:
    """Make the tenant, in a process whose memory is not measured."""
    import django

    django.setup()
    from django.core.management import call_command

    from tenants.models import Tenant
    from tenants.services.provisioning import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0)
    if not Tenant.objects.filter(slug=_SLUG).exists():
        create_tenant(slug=_SLUG, name="Statements", domain="statements.localhost")
    return ""


def _tenant() -> Any:
    import django

    django.setup()
    from tenants.models import Tenant

    return Tenant.objects.get(slug=_SLUG)


def _empty() -> None:
    """Take out what an earlier line stored, without making objects of it: they would count as this line's memory."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE banking_banktransaction CASCADE")


def _import(name: str, count: int) -> str:
    tenant = _tenant()
    from django.utils import timezone

    from banking.services.statement_commit import commit_import
    from banking.services.statement_import import upload_statement
    from tenants import context

    source = FORMATS[name](count)
    with context.inside(tenant):
        _empty()
        began, clock = time.perf_counter(), time.process_time()
        row = upload_statement(account=None, file_name="a", content=source, user_id=None, currency="EUR")
        _, result = commit_import(statement_import=row, now=timezone.now(), accept_unproved=True)
        spent, used = time.perf_counter() - began, time.process_time() - clock
    size = len(source) / 2**20
    return f"| {name} | upload, preview, import | {size:.1f} | {result.new:,} | {spent:.1f} | {used:.1f} | {_peak()} |"


def _ingest(name: str, count: int) -> str:
    """Store the entries of a file that is read already, and then copy the same rows without any check."""
    tenant = _tenant()
    from django.db import connection, transaction

    from banking.models import BankAccount, BankTransaction, StatementImport
    from banking.parsers.recognise import read
    from banking.services.ingestion import ingest_entries
    from tenants import context

    source = FORMATS[name](count)
    [statement] = read(source, currency="EUR", date_order="mdy").statements
    columns = ", ".join(
        field.column for field in BankTransaction._meta.concrete_fields if field.name not in {"id", "created_at"}
    )
    table, held = BankTransaction._meta.db_table, io.BytesIO()
    with context.inside(tenant), connection.cursor() as cursor:
        _empty()
        account = BankAccount.objects.create(stable_key=str(uuid.uuid4()), currency="EUR")
        upload = StatementImport.objects.create(account=account, file_name="a", file_sealed=b"", state="READY")
        began, clock = time.perf_counter(), time.process_time()
        ingest_entries(account=account, entries=statement.entries, source=name, statement_import=upload)
        spent, used = time.perf_counter() - began, time.process_time() - clock
        cursor.copy_expert(f"COPY {table} ({columns}) TO STDOUT", held)
        cursor.execute(f"DELETE FROM {table}")
        cursor.execute(f"VACUUM {table}")
        held.seek(0)
        began = time.perf_counter()
        with transaction.atomic():
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", held)
        plain = time.perf_counter() - began
    size, times = len(source) / 2**20, f"{spent / plain:.1f} times as long as plain COPY, {plain:.1f} s"
    return f"| {name} | ingest: {times} | {size:.1f} | {count:,} | {spent:.1f} | {used:.1f} | {_peak()} |"


STEPS = {"prepare": _prepare, "read": _read, "import": _import, "ingest": _ingest}


def main() -> None:
    """Print the table; `--one` is how a process measures one line of it."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--entries", type=int, default=50_000)
    wanted.add_argument("--read-only", action="store_true")
    wanted.add_argument("--one", nargs=2, metavar=("STEP", "FORMAT"))
    options = wanted.parse_args()
    if options.one:
        step, name = options.one
        if line := STEPS[step](name, options.entries):
            sys.stdout.write(line + "\n")
        return
    sys.stdout.write(
        "| format | step | MiB | entries | s | s of processor | peak MiB |\n|---|---|---|---|---|---|---|\n"
    )
    steps = [("read", name) for name in FORMATS]
    steps += [] if options.read_only else [("prepare", ""), ("import", "csv"), ("import", "camt"), ("ingest", "csv")]
    for step in steps:
        command = [sys.executable, __file__, "--entries", str(options.entries), "--one", *step]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)
        sys.stdout.write(done.stdout)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
