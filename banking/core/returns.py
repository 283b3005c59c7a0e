"""Whether an entry says that it takes an earlier payment back: by the bank's mark, its code, or only its text."""

from __future__ import annotations

import re

BANK, TEXT = "bank", "text"

# ISO 20022 sub-families: returned, cancelled or reversed payments, unpaid debits and cheques, ACH returns.
_ISO = frozenset({"RRTN", "RPCR", "PRDD", "UPDD", "UPCQ", "ARET", "AREV", "RVSL"})
# Business transaction codes of German and Austrian banks: returned debits (B2B, core, older ones) and transfers.
_GERMAN = frozenset({"108", "109", "159", "181", "184", "185"})
# BAI2: checks, ACH items and deposits that came back, reversals.
_BAI2 = frozenset({"252", "255", "257", "258", "552", "555", "557", "558"})
_SWIFT = frozenset({"NRTI", "FRTI", "SRTI"})
_WORDS = re.compile(
    r"(?<![^\W_])(?:return(?:ed)? (?:payment|debit|transfer|item|of)|payment returned|reversal|chargeback|recall"
    r"|r(?:ü|ue)cklastschrift|r(?:ü|ue)ck(?:ü|ue)berweisung|retoure|lastschriftr(?:ü|ue)ckgabe|sepa-?return"
    r"|rejet|impay[ée]|retour (?:prlv|virement|paiement)|devoluci[oó]n|insoluto|storno|stornering|tilbagef(?:ø|oe)rsel"
    r"|terugboeking|zwrot|r-transaction|rtrn)(?![^\W_])"
)


def return_sign(*, source: str, code: str, text: str, is_reversal: bool) -> str:
    """Return `BANK` when the bank marks or codes the entry as a return, `TEXT` when only its text reads like one.

    Shape: empty for every other entry. `source` is the format or provider that told `code`, as codes of one mean
    something else in another. A sign alone connects nothing; it only makes an earlier payment worth looking for.
    Source: ISO 20022 external code sets; the code lists of DFÜ (GVC) and of BAI2.
    """
    if is_reversal or _is_return_code(source, code):
        return BANK
    return TEXT if _WORDS.search(text.lower()) else ""


def _is_return_code(source: str, code: str) -> bool:
    parts = set(re.split(r"[^0-9A-Z]+", code.upper()))
    if source == "bai2":
        return bool(parts & _BAI2)
    if source in {"mt940", "mt942"}:
        return bool(parts & (_SWIFT | _GERMAN))
    # CAMT of German banks writes NTRF+109+00931 beside or in place of the ISO code.
    return bool(parts & (_ISO | _SWIFT)) or bool(re.search(r"\+(?:108|109|159|181|184|185)(?:\+|$)", code))
