"""IBANs that pass the mod 97 check and belong to nobody."""

import random
import string

# Country -> shape of the part after the check digits: "a" a letter, "n" a digit, anything else itself.
SHAPES = {
    "AT": "n" * 16,
    "BE": "n" * 12,
    "CH": "n" * 17,
    "CZ": "n" * 20,
    "DE": "n" * 18,
    "DK": "n" * 14,
    "ES": "n" * 20,
    "FR": "n" * 23,
    "GB": "aaaa" + "n" * 14,
    "IE": "aaaa" + "n" * 14,
    "IT": "a" + "n" * 22,
    "LT": "n" * 16,
    "LU": "n" * 16,
    "NL": "aaaa" + "n" * 10,
    "PL": "n" * 24,
    "SE": "n" * 20,
}


def check_digits(text: str) -> str:
    """Return the two digits that make `text` (country code and the rest) valid under ISO 7064 mod 97-10."""
    country, rest = text[:2], text[2:]
    number = int("".join(str(int(char, 36)) for char in f"{rest}{country}00"))
    return f"{98 - number % 97:02d}"


def make(country: str, bban: str) -> str:
    """Return the IBAN of an account number."""
    return f"{country}{check_digits(country + bban)}{bban}"


def invent(rng: random.Random, country: str) -> str:
    """Return a valid IBAN of the country's length."""
    letters = {"a": string.ascii_uppercase, "n": string.digits}
    return make(country, "".join(rng.choice(letters[kind]) for kind in SHAPES[country]))


def creditor_reference(digits: str) -> str:
    """Return the ISO 11649 reference (`RF..`) that carries `digits`."""
    return f"RF{check_digits('RF' + digits)}{digits}"
