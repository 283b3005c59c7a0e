"""Statement files of one account, written for the tests."""

from decimal import Decimal

from tests.banking.entries import IBAN


def camt(*amounts_and_texts, opening="100.00", closing=None, iban=IBAN, currency="EUR", day="2026-03-02"):
    """Write a CAMT.053 of one day with these entries."""
    total = sum((Decimal(amount) for amount, _ in amounts_and_texts), Decimal(opening))
    closing = closing or f"{total:.2f}"
    entries = "".join(
        f'<Ntry><Amt Ccy="{currency}">{amount.removeprefix("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd><Sts>BOOK</Sts>"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><NtryDtls><TxDtls><RltdPties><Dbtr>"
        f"<Nm>Erika Muster</Nm></Dbtr></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for amount, text in amounts_and_texts
    )

    def balance(kind, amount):
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
            f'<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>'
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">'
        "<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>1</Id><ElctrncSeqNb>1</ElctrncSeqNb>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def mt940(*amounts_and_texts, iban=IBAN, currency="EUR", day="260302"):
    """Write an MT940 of one day with these credits."""
    total = sum((Decimal(amount) for amount, _ in amounts_and_texts), Decimal("100.00"))
    lines = [":20:STARTUMS", f":25:{iban}", ":28C:1/1", f":60F:C{day}{currency}100,00"]
    for amount, text in amounts_and_texts:
        lines += [
            f":61:{day}{day[2:]}C{amount.replace('.', ',')}NTRFNONREF",
            f":86:166?00CREDIT TRANSFER?20SVWZ+{text[:22]}?21{text[22:]}?32ERIKA MUSTER",
        ]
    return "\r\n".join([*lines, f":62F:C{day}{currency}{total:.2f}".replace(".", ","), "-", ""]).encode()


def csv(*rows, header="Booking date;Amount;Currency;Name;Purpose"):
    """Write a CSV file."""
    return "\n".join([header, *rows, ""]).encode()


def told(refusals):
    """Return line and words of each refusal or note."""
    return [(refusal.line, refusal.reason) for refusal in refusals]
