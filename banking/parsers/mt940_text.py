"""What an MT940 `:86:` tells about its entry, in the dialects that banks write.

Structured (`166?00...?20...`, Germany, Austria, with other signs in Poland), SEPA slash codes (`/EREF/.../REMI/`, the
Netherlands and Belgium), or free text.
Source: DFÜ agreement, annex 3 (GVC codes and ?-subfields); usage guides of the banks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from banking.parsers.sepa_text import join_cut, keyword_fields, slash_fields
from banking.parsers.texts import (
    clean,
    clean_account,
    clean_name,
    clean_reference,
    structured_reference_in,
)

_SUBFIELDS = r"(?P<code>0[0-9]|1[0-9]|2[0-9]|3[0-9]|6[0-5])"
_STRUCTURED = re.compile(r"(?P<gvc>[0-9]{3})?(?P<sign>[?>~<^@|])" + _SUBFIELDS)
_PURPOSE_CODES = [f"{code:02d}" for code in (*range(20, 30), *range(60, 64))]
_PURPOSE_WIDTH = 27
_LINE_WIDTH = 65
_SHORT_LINE = 50
# Transactions that give back an earlier one: returned direct debits (108, 109) and transfers (159).
_RETURNS = {"108", "109", "159"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryText:
    """The meaning of an `:86:`; everything is cleaned and may be empty."""

    counterparty_name: str = ""
    counterparty_account: str = ""
    remittance_information: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    mandate_id: str = ""
    code: str = ""
    is_return: bool = False


def read_text(lines: tuple[str, ...], *, is_credit: bool) -> EntryText:
    """Read the lines of an `:86:` field; empty lines give an empty text."""
    glued = _glue(lines)
    structured = _STRUCTURED.match(glued)
    if structured:
        return _structured(glued, structured)
    flowing = _flow(lines)
    slashed = slash_fields(flowing)
    if slashed is not None:
        return _slashed(flowing, slashed, is_credit=is_credit)
    keywords = keyword_fields(flowing)
    if keywords is not None:
        return _from_keywords(keywords, flowing)
    return EntryText(remittance_information=clean(flowing), structured_reference=structured_reference_in(flowing))


def _flow(lines: tuple[str, ...]) -> str:
    """Join lines that were cut at their full width, which is inside words; other lines ended by themselves."""
    is_wrapped = all(len(line) <= _LINE_WIDTH for line in lines)
    return join_cut(lines, _LINE_WIDTH) if is_wrapped else " ".join(line.strip() for line in lines)


def _glue(lines: tuple[str, ...]) -> str:
    """Join lines whose subfields carry on over line ends; only a clearly short line ended by itself."""
    glued, last = "", ""
    for line in lines:
        ended = glued and len(last) < _SHORT_LINE and not _STRUCTURED.match(line)
        glued += f" {line}" if ended else line
        last = line
    return glued


def _structured(glued: str, start: re.Match[str]) -> EntryText:
    parts = re.split(re.escape(start["sign"]) + _SUBFIELDS, glued[start.start("sign") :])
    subfields: dict[str, str] = {}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        subfields[code] = subfields.get(code, "") + value
    purpose = join_cut([subfields[code] for code in _PURPOSE_CODES if code in subfields], _PURPOSE_WIDTH)
    text = _from_keywords(keyword_fields(purpose) or {"": purpose}, purpose)
    name = join_cut([subfields.get("32", ""), subfields.get("33", "")], _PURPOSE_WIDTH)
    account = subfields.get("38", "") or subfields.get("31", "")
    gvc = start["gvc"] or ""
    return EntryText(
        counterparty_name=clean_name(name) or text.counterparty_name,
        counterparty_account=clean_account(account) or text.counterparty_account,
        # Without a purpose the bank's own booking text is all there is.
        remittance_information=text.remittance_information or ("" if purpose else clean(subfields.get("00", ""))),
        structured_reference=text.structured_reference,
        end_to_end_id=text.end_to_end_id,
        mandate_id=text.mandate_id,
        code=gvc,
        is_return=gvc in _RETURNS,
    )


def _from_keywords(keywords: dict[str, str], purpose: str) -> EntryText:
    return EntryText(
        counterparty_name=clean_name(keywords.get("ANAM", "")),
        counterparty_account=clean_account(keywords.get("IBAN", "")),
        remittance_information=clean(keywords.get("SVWZ", "") or keywords.get("", "")),
        structured_reference=clean_reference(keywords.get("KREF", "")) or structured_reference_in(purpose),
        end_to_end_id=clean_reference(keywords.get("EREF", "")),
        mandate_id=clean_reference(keywords.get("MREF", "")),
    )


def _slashed(flowing: str, codes: dict[str, str], *, is_credit: bool) -> EntryText:
    account, name = codes.get("IBAN", ""), codes.get("NAME", "")
    if "CNTP" in codes:
        told = [*codes["CNTP"].split("/"), "", "", ""]
        account, name = account or told[0], name or told[2]
    party = codes.get("ORDP" if is_credit else "BENM", "") or codes.get("BENM" if is_credit else "ORDP", "")
    remittance, structured = _remittance(codes)
    told_nothing = not any(code in codes for code in ("REMI", "USTD", "STRD"))
    return EntryText(
        counterparty_name=clean_name(name or party.strip("/ ")),
        counterparty_account=clean_account(account.strip("/ ") or codes.get("ACNO", "").strip("/ ")),
        remittance_information=clean(flowing) if told_nothing else remittance,
        structured_reference=structured or structured_reference_in(flowing),
        end_to_end_id=clean_reference(codes.get("EREF", "").strip("/ ")),
        mandate_id=clean_reference(codes.get("MARF", "").strip("/ ")),
        is_return="RTRN" in codes,
    )


def _remittance(codes: dict[str, str]) -> tuple[str, str]:
    """Return text and structured reference: `/REMI/text`, `/REMI/USTD//text/` or `/REMI/STRD/CUR/reference/`."""
    free = " ".join(part for part in (codes.get("REMI", ""), codes.get("USTD", "")) if part.strip("/ "))
    structured = codes.get("STRD", "").strip("/ ")
    issuer, slash, reference = structured.partition("/")
    if slash:
        structured = reference.strip("/ ") if issuer.strip() in {"CUR", "ISO"} else structured
    text = clean(free.strip("/ "))
    return text or clean(structured), clean_reference(structured)
