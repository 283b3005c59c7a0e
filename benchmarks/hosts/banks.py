"""How banks deliver a transfer: what they keep, cut, wrap, leave out, and in which field they put it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from benchmarks.hosts.letters import latin
from benchmarks.hosts.money import written

# Characters of text that a bank keeps, where that is fewer than payers write.
ROOM = {"fps": 18, "zengin": 20, "check": 24}
_NOTES = ("FASTER PAYMENT", "SEPA CREDIT TRANSFER", "GUTSCHRIFT", "Überweisungsgutschr.")
_STREETS = ("UL. POLNA", "UL. LEŚNA", "UL. SZKOLNA", "AL. LIPOWA")


@dataclass(slots=True)
class Transfer:
    """What one party told its bank; a negative amount leaves the host's account."""

    day: date
    amount: int
    currency: str
    name: str
    account: str
    text: str
    dialect: str
    capitals: bool = False
    structured: str = ""
    end_to_end: str = ""
    standing: bool = False
    exchange: dict[str, Any] | list[dict[str, Any]] | None = None


Entry = dict[str, Any]


class Feed:
    """Turns transfers into rows in the shape of GoCardless Bank Account Data."""

    def __init__(self, rng: Random, *, as_structured: float, trailing: float) -> None:
        self._rng = rng
        self._as_structured = as_structured
        self._trailing = trailing
        self._count = 0

    def row(self, transfer: Transfer) -> Entry:
        """One booked row."""
        self._count += 1
        return {
            "uid": f"b{self._count:08d}", "account_id": "acc_main", "status": "booked",
            "transaction": self._entry(transfer),
        }  # fmt: skip

    def pending(self, row: Entry) -> Entry:
        """The row as it was before it was booked."""
        rng, entry = self._rng, dict(row["transaction"])
        for field in ("internalTransactionId", "bookingDate", "entryReference", "transactionId"):
            entry.pop(field, None)
        if rng.random() < 0.5:
            entry["transactionId"] = f"{rng.getrandbits(64):x}"
        return {"uid": "p" + row["uid"][1:], "account_id": row["account_id"], "status": "pending", "transaction": entry}

    def again(self, row: Entry) -> Entry:
        """The row delivered a second time under new ids of the feed."""
        rng, entry = self._rng, dict(row["transaction"])
        self._count += 1
        entry["transactionId"] = f"{rng.getrandbits(72):x}"
        entry["internalTransactionId"] = f"{rng.getrandbits(128):032x}"
        return {**row, "uid": f"b{self._count:08d}", "transaction": entry}

    def _entry(self, transfer: Transfer) -> Entry:
        rng, day = self._rng, transfer.day
        entry: Entry = {}
        pick = rng.random()
        if pick < 0.87:
            entry["transactionId"] = f"{day:%Y%m%d}{rng.randrange(10**8):08d}"
        elif pick < 0.905:
            entry["transactionId"] = rng.choice(("9998", " ", "NOTPROVIDED"))
        entry["internalTransactionId"] = f"{rng.getrandbits(128):032x}"
        if rng.random() < 0.3:
            entry["entryReference"] = f"{rng.randrange(10**12):012d}"
        if transfer.end_to_end:
            entry["endToEndId"] = transfer.end_to_end
        elif rng.random() < 0.36:
            entry["endToEndId"] = "NOTPROVIDED" if rng.random() < 0.9 else f"{rng.getrandbits(50):x}"
        entry["bookingDate"] = day.isoformat()
        entry["valueDate"] = (day - timedelta(days=rng.random() < 0.145)).isoformat()
        entry["transactionAmount"] = {
            "amount": written(transfer.amount, transfer.currency),
            "currency": transfer.currency,
        }
        DIALECTS[transfer.dialect](self, entry, transfer)
        if transfer.exchange:
            entry["currencyExchange"] = transfer.exchange
        way = "RCDT" if transfer.amount >= 0 else "ICDT"
        entry["bankTransactionCode"] = f"PMNT-{way}-{'STDO' if transfer.standing else 'ESCT'}"
        if rng.random() < 0.2:
            entry["additionalInformation"] = rng.choice(_NOTES)
        return entry

    def _party(self, entry: Entry, transfer: Transfer, name: str, account_share: float) -> None:
        party = "debtor" if transfer.amount >= 0 else "creditor"
        if name:
            entry[f"{party}Name"] = name
        if transfer.account and self._rng.random() < account_share:
            bban = self._rng.random() < 0.04 or not transfer.account[:2].isalpha()
            entry[f"{party}Account"] = (
                {"bban": transfer.account[4:]}
                if bban and transfer.account[:2].isalpha()
                else ({"bban": transfer.account} if bban else {"iban": transfer.account})
            )

    def _text(self, entry: Entry, text: str, structured: str, lines: int = 0) -> None:
        if structured:
            entry["remittanceInformationStructured"] = structured
        if not text:
            return
        if not structured and self._rng.random() < self._as_structured:
            entry["remittanceInformationStructured"] = text
        elif lines and len(text) > lines:
            entry["remittanceInformationUnstructuredArray"] = [
                text[at : at + lines] for at in range(0, len(text), lines)
            ]
        else:
            entry["remittanceInformationUnstructured"] = text

    def fps(self, entry: Entry, transfer: Transfer) -> None:
        """United Kingdom: eighteen characters for the name and for the reference, mostly capitals."""
        rng, name, text = self._rng, transfer.name[:18], transfer.text
        capitals = transfer.capitals or rng.random() < 0.6
        text = latin(text).upper() if capitals else text
        text = text[: ROOM["fps"]]
        hidden = bool(name) and rng.random() < 0.28
        if hidden:
            text = f"{name.upper()} {text}"
        if rng.random() < self._trailing:
            text += rng.choice((" FPI", " BGC", f" FP {transfer.day:%d/%m}", f" {rng.getrandbits(44):011X}"[:11]))
        self._party(entry, transfer, "" if hidden else name, 0.3)
        self._text(entry, text, "")

    def sepa_plain(self, entry: Entry, transfer: Transfer) -> None:
        """Euro countries: 140 characters, the account always."""
        name = transfer.name[:70] if not transfer.capitals else transfer.name[:27]
        self._party(entry, transfer, name, 0.96)
        self._text(entry, transfer.text[:140], transfer.structured, 35 if self._rng.random() < 0.06 else 0)

    def mt940(self, entry: Entry, transfer: Transfer) -> None:
        """Germany and Austria: tagged fields, wrapped at 27 characters."""
        rng, text = self._rng, transfer.text
        parts = [text[at : at + 27] for at in range(0, len(text), 27)]
        tag = "SVWZ+" + text
        if rng.random() < 0.55:
            reference = transfer.end_to_end or ("NOTPROVIDED" if rng.random() < 0.7 else f"{rng.getrandbits(56):x}")
            tag = f"EREF+{reference} SVWZ+{text}"
        wrapped = " ".join(tag[at : at + 27] for at in range(0, len(tag), 27)) if len(tag) > 27 else tag
        plain = not parts or rng.random() < 0.12
        self._party(
            entry, transfer, latin(transfer.name, german=True)[:27] if transfer.capitals else transfer.name[:27], 0.95
        )
        self._text(entry, text if plain else wrapped, transfer.structured)

    def naam(self, entry: Entry, transfer: Transfer) -> None:
        """The Low Countries: a labelled list."""
        rng = self._rng
        lines = ["SEPA Overboeking"]
        if transfer.account:
            lines.append(f"IBAN: {transfer.account}")
        if transfer.name:
            lines.append(f"Naam: {transfer.name[:32]}")
        lines.append(f"Omschrijving: {transfer.structured or transfer.text[:105]}")
        if rng.random() < 0.4:
            lines.append(f"Kenmerk: {transfer.end_to_end or 'NOTPROVIDED'}")
        # Some feeds carry the parties in the text alone.
        self._party(entry, transfer, "" if rng.random() < 0.12 else transfer.name[:32], 0.9)
        entry["remittanceInformationUnstructuredArray"] = lines

    def qr_bill(self, entry: Entry, transfer: Transfer) -> None:
        """Switzerland: QR references, or a message of 140 characters."""
        text = transfer.text[:140]
        if text and self._rng.random() < 0.3:
            text = f"MITTEILUNG: {text}"
        self._party(entry, transfer, transfer.name[:70], 0.9)
        self._text(entry, text, transfer.structured)

    def elixir(self, entry: Entry, transfer: Transfer) -> None:
        """Poland: four lines of 35 characters, the payer's address behind the name."""
        rng, name = self._rng, transfer.name
        if name and rng.random() < 0.35:
            name = f"{name} {rng.choice(_STREETS)} {rng.randrange(1, 90)}"
        text = latin(transfer.text).upper() if transfer.capitals else transfer.text
        self._party(entry, transfer, (latin(name).upper() if transfer.capitals else name)[:70], 0.97)
        self._text(entry, text[:140], transfer.structured, 35 if rng.random() < 0.4 else 0)

    def symbols(self, entry: Entry, transfer: Transfer) -> None:
        """Czechia: a number in the text is often sent as the variable symbol."""
        rng, digits = self._rng, "".join(sign for sign in transfer.text if sign.isdigit())
        text = transfer.text
        if 4 <= len(digits) <= 10 and rng.random() < 0.6:
            entry["endToEndId"] = f"/VS{digits}/SS/KS{rng.choice(('', '0308', '0558'))}"
            text = "" if rng.random() < 0.55 else text
        self._party(
            entry, transfer, latin(transfer.name).upper()[:35] if transfer.capitals else transfer.name[:35], 0.97
        )
        self._text(entry, text[:140], transfer.structured)

    def ach(self, entry: Entry, transfer: Transfer) -> None:
        """United States, automated clearing house: sixteen characters of company name and codes all around."""
        rng, name = self._rng, latin(transfer.name).upper()
        text = (
            f"{name[:16]} DES:{rng.choice(('PAYMENT', 'BILLPAY', 'VENDOR PMT', 'ACH'))} ID:{rng.randrange(10**7):07d}"
        )
        if transfer.text:
            text += f" {rng.choice(('INDN', 'PMT INFO', 'RMR*IV'))}:{transfer.text.upper()[:40]}"
        if rng.random() < 0.5:
            text += f" CO ID:{rng.randrange(10**10):010d} {rng.choice(('CCD', 'PPD', 'CTX'))}"
        self._party(entry, transfer, name[:16] if rng.random() < 0.55 else "", 0.04)
        self._text(entry, text, "")

    def zelle(self, entry: Entry, transfer: Transfer) -> None:
        """United States, from phone to phone."""
        name, code = latin(transfer.name).upper()[:30], f"{self._rng.getrandbits(44):011x}"[:9]
        memo = f' for "{transfer.text[:40]}"' if transfer.text else ""
        self._party(entry, transfer, name if self._rng.random() < 0.3 else "", 0.0)
        self._text(entry, f"Zelle payment from {name}{memo}; Conf# {code}", "")

    def check(self, entry: Entry, transfer: Transfer) -> None:
        """United States, on paper: who wrote it is sometimes keyed in, the memo line less often."""
        rng = self._rng
        text = f"{rng.choice(('CHECK', 'CHECK DEPOSIT', 'REMOTE DEPOSIT CK', 'LOCKBOX CK'))} {rng.randrange(101, 9800)}"
        if rng.random() < 0.72:
            text += f" {latin(transfer.name).upper()[:22]}"
        if transfer.text and rng.random() < 0.6:
            text += " MEMO " + transfer.text.upper()[: ROOM["check"]]
        self._text(entry, text, "")

    def wire(self, entry: Entry, transfer: Transfer) -> None:
        """International transfers: labelled fields in one line."""
        rng, name = self._rng, latin(transfer.name).upper()[:35]
        text = f"WIRE TYPE:INTL IN DATE:{transfer.day:%y%m%d} TRN:{rng.randrange(10**12):012d} ORIG:{name}"
        if transfer.text:
            text += f" OBI:{transfer.text.upper()[:70]}"
        self._party(entry, transfer, name if rng.random() < 0.6 else "", 0.5)
        self._text(entry, text, "")

    def zengin(self, entry: Entry, transfer: Transfer) -> None:
        """Japan: twenty characters of name; a number, if any, stands before it."""
        rng, text, name = self._rng, transfer.text[: ROOM["zengin"]].upper(), transfer.name[:20]
        if text and rng.random() < 0.5:
            name, text = f"{text} {name}"[:30], ""
        self._party(entry, transfer, name, 0.15)
        self._text(entry, text or ("FURIKOMI" if rng.random() < 0.4 else ""), "")


DIALECTS: dict[str, Callable[[Feed, Entry, Transfer], None]] = {
    "fps": Feed.fps, "sepa_plain": Feed.sepa_plain, "mt940": Feed.mt940, "naam": Feed.naam, "qr_bill": Feed.qr_bill,
    "elixir": Feed.elixir, "symbols": Feed.symbols, "ach": Feed.ach, "zelle": Feed.zelle, "check": Feed.check,
    "wire": Feed.wire, "zengin": Feed.zengin,
}  # fmt: skip
