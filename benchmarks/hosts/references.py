"""Payment references that carry their own check digits."""


def qr_reference(client: int, number: int) -> str:
    """A Swiss QR reference: 26 digits and a check digit.

    Source: SIX, Swiss Implementation Guidelines QR-bill, annex B (modulo 10, recursive).
    """
    body = f"{client:011d}{number:015d}"
    carry = 0
    for digit in body:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return f"{body}{(10 - carry) % 10}"


def creditor_reference(client: int, number: int) -> str:
    """An ISO 11649 reference (RF..)."""
    body = f"{client}{number:08d}"
    return f"RF{98 - int(body + '271500') % 97:02d}{body}"


def belgian_reference(client: int, number: int) -> str:
    """A Belgian structured communication, +++ccc/cccc/ccccc+++."""
    body = f"{client % 1000:03d}{number % 10**7:07d}"
    digits = f"{body}{int(body) % 97 or 97:02d}"
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def luhn_reference(client: int, number: int) -> str:
    """A Swedish OCR number: Luhn's check digit at the end."""
    body = f"{client}{number:06d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"


def dutch_reference(client: int, number: int) -> str:
    """A Dutch payment reference of sixteen digits, the first of which checks the others (modulo 11)."""
    body = f"{client:06d}{number:09d}"
    total = sum(int(digit) * (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)[place % 10] for place, digit in enumerate(reversed(body)))
    check = 11 - total % 11
    return f"{ {10: 1, 11: 0}.get(check, check) }{body}"


def iban(land: str, bban: str) -> str:
    """The account number with its check digits."""
    digits = "".join(str(int(sign, 36)) for sign in f"{bban}{land}00")
    return f"{land}{98 - int(digits) % 97:02d}{bban}"


STRUCTURED = {
    "qr": qr_reference,
    "rf": creditor_reference,
    "ogm": belgian_reference,
    "ocr": luhn_reference,
    "acceptgiro": dutch_reference,
}
