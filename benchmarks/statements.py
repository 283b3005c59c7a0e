"""How long a statement file of 50,000 entries takes, and how much memory: reading alone, then the whole import.

Run inside servers that may be thrown away: `python -m payymo.local throwaway -- python benchmarks/statements.py`.
Each format is measured in a process of its own. `--read-only` leaves the import out and needs no servers.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")
LIMIT = 600
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


FORMATS = {one.__name__: one for one in (csv, camt, mt940, ofx, bai2, qif)}


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


def _import(name: str, count: int) -> str:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from banking.services.statement_import import commit_import, upload_statement
    from tenants import context
    from tenants.models import Tenant
    from tenants.services.provisioning import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0)
    tenant = Tenant.objects.filter(slug="statements").first() or create_tenant(
        slug="statements", name="Statements", domain="statements.localhost"
    )
    source = FORMATS[name](count)
    with context.inside(tenant):
        began, clock = time.perf_counter(), time.process_time()
        row = upload_statement(account=None, file_name="a", content=source, user_id=None, currency="EUR")
        _, result = commit_import(statement_import=row, now=timezone.now(), accept_unproved=True)
        spent, used = time.perf_counter() - began, time.process_time() - clock
    size = len(source) / 2**20
    return f"| {name} | upload, preview, import | {size:.1f} | {result.new:,} | {spent:.1f} | {used:.1f} | {_peak()} |"


def main() -> None:
    """Print the table; `--one` is how a process measures one line of it."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--entries", type=int, default=50_000)
    wanted.add_argument("--read-only", action="store_true")
    wanted.add_argument("--one", nargs=2, metavar=("STEP", "FORMAT"))
    options = wanted.parse_args()
    if options.one:
        step, name = options.one
        sys.stdout.write((_import if step == "import" else _read)(name, options.entries) + "\n")
        return
    sys.stdout.write(
        "| format | step | MiB | entries | s | s of processor | peak MiB |\n|---|---|---|---|---|---|---|\n"
    )
    steps = [("read", name) for name in FORMATS]
    steps += [] if options.read_only else [("import", "csv")]
    for step in steps:
        command = [sys.executable, __file__, "--entries", str(options.entries), "--one", *step]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)
        sys.stdout.write(done.stdout)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
