"""Rows that pay no invoice: suppliers, wages, taxes, own transfers, refunds, strangers."""

from datetime import date
from random import Random

from benchmarks.hosts.banks import Transfer
from benchmarks.hosts.lands import LANDS
from benchmarks.hosts.money import to_minor
from benchmarks.hosts.people import Registry
from benchmarks.hosts.profiles import EXPONENTS, PER_EURO, Profile
from benchmarks.hosts.texts import strange_number

_OUTGOING = frozenset({"supplier", "salary", "card", "tax", "bankfee", "rent"})
# Usual sums in euro, from and to.
_SUMS = {
    "supplier": (12, 1400), "salary": (1750, 3100), "card": (3, 130), "tax": (900, 6800), "bankfee": (6, 24),
    "rent": (900, 3000), "supplier_refund": (8, 420), "paypal_payout": (60, 2600), "own_transfer": (500, 18000),
    "tax_refund": (300, 2600), "interest": (2, 80), "other_income": (15, 950), "unknown_customer": (5, 150),
}  # fmt: skip
_OFFICES = {
    "GB": "HMRC VAT",
    "DE": "Finanzamt",
    "NL": "Belastingdienst",
    "PL": "Urzad Skarbowy",
    "US": "STATE TAX REFUND",
}
_PRICED = {"supplier_refund": 0.25, "other_income": 0.25, "unknown_customer": 0.95}


class Unrelated:
    """Makes one row of a kind."""

    def __init__(self, profile: Profile, registry: Registry, rng: Random) -> None:
        self._profile, self._registry, self._rng = profile, registry, rng
        self._land = LANDS[profile.land]
        self._suppliers = [registry.company(self._land, registry.person(self._land)[1]) for _ in range(14)]
        self._staff = [" ".join(registry.person(self._land)) for _ in range(9)]
        self._paypal = registry.account(self._land)

    def transfer(self, kind: str, day: date) -> Transfer:
        """A row of this kind on this day."""
        rng, profile = self._rng, self._profile
        name, text = self._words(kind, day)
        amount = self._amount(kind)
        dialect = rng.choices(list(profile.dialects), list(profile.dialects.values()))[0]
        account = self._paypal if kind == "paypal_payout" and rng.random() < 0.7 else self._registry.account(self._land)
        capitals = rng.random() < 0.5
        return Transfer(
            day, -amount if kind in _OUTGOING or (kind == "own_transfer" and rng.random() < 0.5) else amount,
            profile.currency, name.upper() if capitals else name, account, text, dialect, capitals,
        )  # fmt: skip

    def _amount(self, kind: str) -> int:
        rng, currency = self._rng, self._profile.currency
        if rng.random() < _PRICED.get(kind, 0.0):
            return to_minor(rng.choice(self._profile.prices), currency)
        low, high = _SUMS[kind]
        euros = low * (high / low) ** rng.random()
        return max(1, round(euros * PER_EURO[currency] * 10 ** EXPONENTS.get(currency, 2)))

    def _words(self, kind: str, day: date) -> tuple[str, str]:
        rng, land = self._rng, self._land
        number = strange_number(rng, day)
        person = " ".join(self._registry.person(land))
        if kind == "supplier":
            label = rng.choice(
                (f"{rng.choice(land.invoice)} {number}", f"DC colo {day:%m}", "Domain renewals", f"IP transit {number}")
            )
            return rng.choice(self._suppliers), label
        if kind == "salary":
            return rng.choice(self._staff), f"Salary {day:%m/%Y}"
        if kind == "unknown_customer":
            text = number if rng.random() < 0.25 else rng.choice((*land.thanks, *land.invoice))
            return person, text
        if kind == "other_income":
            return person, rng.choice((f"Deposit {number}", "Old laptop", "Party", f"Fee {day:%m}", "Consulting"))
        if kind == "supplier_refund":
            return rng.choice(self._suppliers), rng.choice(
                (f"Credit note {number}", f"refund order {number}", f"Refund {number}")
            )
        tax_office = _OFFICES.get(land.code, "Tax office")
        return {
            "card": ("", f"CARD {rng.randrange(1000, 9999)} {day:%d.%m}"),
            "tax": (tax_office, f"Tax no. {rng.randrange(10**8, 10**9)} VAT {day:%m/%Y}"),
            "bankfee": ("", rng.choice(("Account fee", "Charges", f"Service charge {day:%m}"))),
            "rent": (self._suppliers[0], f"Office rent {day:%m %Y}"),
            "paypal_payout": ("PayPal Europe", f"PP.{rng.randrange(1000, 9999)}.PP . {self._profile.business.upper()}"),
            "own_transfer": (self._profile.business, rng.choice(("Own transfer", "Savings", "Reserve"))),
            "tax_refund": (tax_office, f"Refund {rng.randrange(10**7, 10**8)} {day:%Y}"),
            "interest": ("", rng.choice(("INTEREST PAID GROSS", "Interest"))),
        }[kind]
