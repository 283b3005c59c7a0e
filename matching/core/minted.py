"""The payment reference that Payymo mints for an invoice: `RF` + two check digits + `PM<installation>X<invoice id>`.

The check digits make a slip of the finger visible, the letters that it is one of ours, and the number of the
installation that the same id of another brand is not meant. Banks carry it in their field for creditor references.
Source: ISO 11649; docs/adr/0044-a-minted-reference-names-the-installation-and-the-invoice.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_WRITTEN = re.compile(r"(?<![A-Z0-9])RF ?(\d ?\d) ?P ?M ?(\d(?: ?\d){0,5}) ?X ?(\d(?: ?\d){0,11})(?![A-Z0-9])")
_LARGEST_ID = 10**12
_LARGEST_ISSUER = 10**6


class Minted(NamedTuple):
    """A reference of ours with right check digits, and its place in the folded text."""

    issuer: int
    invoice_id: int
    start: int
    end: int


def mint(issuer: int, invoice_id: int) -> str:
    """Make the reference of an invoice, by the number of its installation and the id it has there.

    Raises: ValueError for numbers that the reference cannot hold.
    """
    if not 0 < issuer < _LARGEST_ISSUER or not 0 < invoice_id < _LARGEST_ID:
        raise ValueError("a reference needs an installation below 1,000,000 and an invoice id of at most 12 digits")
    body = f"PM{issuer}X{invoice_id}"
    return f"RF{98 - remainder_97(f'{body}RF00'):02}{body}"


def minted_in(folded: str) -> Iterator[Minted]:
    """Every reference of ours in a folded text, with or without the spaces by which it is printed in groups of four.

    Shape: digits that follow after a space may be the reference's last group or an amount: the check digits tell, and
    the longest that they fit is taken.
    """
    for found in _WRITTEN.finditer(folded):
        check, issuer = found[1].replace(" ", ""), found[2].replace(" ", "")
        written = found[3]
        while written:
            digits = written.replace(" ", "")
            if remainder_97(f"PM{issuer}X{digits}RF{check}") == 1:
                yield Minted(int(issuer), int(digits), found.start(), found.start(3) + len(written))
                break
            written = written.rpartition(" ")[0]


def remainder_97(text: str) -> int:
    """The number that digits and letters (A is 10) make, modulo 97."""
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
