"""The hosts that can be invented."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from benchmarks.hosts.rates import OTHERS, REFERENCES, Rates

EXPONENTS = {"JPY": 0, "KWD": 3}
# Units of each currency for one euro, about which daily rates wander.
PER_EURO = {
    "EUR": 1.0, "GBP": 0.853, "USD": 1.083, "PLN": 4.31, "CZK": 25.1, "CHF": 0.956, "SEK": 11.38, "BGN": 1.9558,
    "JPY": 161.0, "KWD": 0.333,
}  # fmt: skip
_EURO = (
    "4.49",
    "8.90",
    "9.90",
    "14.90",
    "19.90",
    "24.90",
    "2.90",
    "39.00",
    "12.50",
    "59.00",
    "89.00",
    "129.00",
    "6.90",
)
_ROUND = (
    "5.99",
    "9.99",
    "14.99",
    "3.99",
    "19.99",
    "24.99",
    "7.50",
    "11.99",
    "49.99",
    "79.99",
    "10.00",
    "99.00",
    "149.00",
)


@dataclass(frozen=True)
class Profile:
    """One kind of host."""

    name: str
    land: str
    currency: str
    numbering: str
    dialects: Mapping[str, float]
    abroad: Mapping[tuple[str, str], float] = field(default_factory=dict)
    prices: tuple[str, ...] = _ROUND
    priced_at_random: float = 0.04
    tax: int = 20
    tax_inside: bool = True
    structured: str = ""
    first_id: int = 4100
    first_client: int = 310
    stripe: float = 0.33
    paypal: float = 0.13
    companies: float = 0.54
    common_names: float = 0.62
    cycles: tuple[float, float, float] = (0.915, 0.045, 0.04)
    reseller_clients: float = 0.08
    reseller_size: tuple[int, int] = (4, 20)
    reseller_bulk: float = 0.4
    weekly_payouts: bool = False
    business: str = "Example Hosting"
    rates: Rates = field(default_factory=Rates)


def _references(**changed: float) -> Mapping[str, float]:
    return MappingProxyType({**REFERENCES, **changed})


_UK = Profile(
    "uk", "GB", "GBP", "id", {"fps": 1.0}, first_id=91500,
    abroad={("US", "USD"): 0.045, ("PL", "EUR"): 0.03, ("DE", "EUR"): 0.028, ("FR", "EUR"): 0.028, ("NL", "EUR"): 0.02,
            ("ES", "USD"): 0.01, ("PL", "PLN"): 0.004},
)  # fmt: skip
_DE = Profile(
    "de", "DE", "EUR", "year5", {"sepa_plain": 0.6, "mt940": 0.28, "naam": 0.12}, prices=_EURO, tax=19,
    tax_inside=False, stripe=0.24, paypal=0.09, companies=0.51, common_names=0.4, reseller_size=(8, 20),
    abroad={("NL", "EUR"): 0.13, ("PL", "PLN"): 0.055, ("FR", "EUR"): 0.055, ("ES", "EUR"): 0.045, ("GB", "GBP"): 0.04,
            ("CZ", "EUR"): 0.04, ("BG", "EUR"): 0.033, ("SE", "EUR"): 0.02, ("US", "USD"): 0.03},
)  # fmt: skip

PROFILES = {
    profile.name: profile
    for profile in (
        _UK,
        _DE,
        Profile(
            "ch", "CH", "CHF", "letters", {"qr_bill": 0.7, "sepa_plain": 0.3}, prices=_EURO, tax=8, structured="qr",
            abroad={("DE", "EUR"): 0.09, ("AT", "EUR"): 0.04, ("FR", "EUR"): 0.05},
            rates=Rates(references=_references(structured=0.45, clean=0.16, prefixed=0.1)),
        ),
        Profile(
            "at", "AT", "EUR", "prefix_year", {"sepa_plain": 0.55, "mt940": 0.45}, prices=_EURO, tax=20,
            tax_inside=False, structured="rf", abroad={("DE", "EUR"): 0.15, ("CZ", "EUR"): 0.04, ("CH", "CHF"): 0.03},
            rates=Rates(references=_references(structured=0.16, clean=0.24)),
        ),
        Profile(
            "pl", "PL", "PLN", "slash", {"elixir": 1.0}, tax=23, tax_inside=False, common_names=0.55, stripe=0.2,
            prices=("19.00", "29.00", "39.00", "49.00", "9.90", "99.00", "59.00", "149.00", "14.90", "199.00"),
            abroad={("DE", "EUR"): 0.05, ("CZ", "EUR"): 0.02, ("GB", "GBP"): 0.02},
        ),
        Profile(
            "cz", "CZ", "CZK", "short_year", {"symbols": 0.8, "sepa_plain": 0.2}, tax=21, tax_inside=False,
            prices=("49.00", "89.00", "99.00", "149.00", "199.00", "299.00", "129.00", "499.00", "990.00", "79.00"),
            abroad={("PL", "EUR"): 0.04, ("DE", "EUR"): 0.05}, stripe=0.18,
            rates=Rates(references=_references(clean=0.42, prefixed=0.12)),
        ),
        Profile(
            "us", "US", "USD", "id", {"ach": 0.62, "zelle": 0.2, "check": 0.1, "wire": 0.08}, tax=0, first_id=20890,
            abroad={("GB", "GBP"): 0.03, ("ES", "EUR"): 0.02, ("DE", "EUR"): 0.02}, stripe=0.45,
            rates=Rates(others=MappingProxyType({**OTHERS, "tax_refund": 0.004, "card": 0.06})),
        ),
        Profile(
            "nl", "NL", "EUR", "month", {"naam": 0.75, "sepa_plain": 0.25}, prices=_EURO, tax=21, tax_inside=False,
            structured="acceptgiro", abroad={("BE", "EUR"): 0.1, ("DE", "EUR"): 0.06, ("GB", "GBP"): 0.02},
            rates=Rates(references=_references(structured=0.1, clean=0.28)),
        ),
        Profile(
            "be", "BE", "EUR", "padded", {"naam": 0.3, "sepa_plain": 0.7}, prices=_EURO, tax=21, structured="ogm",
            abroad={("NL", "EUR"): 0.09, ("FR", "EUR"): 0.09, ("DE", "EUR"): 0.03},
            rates=Rates(references=_references(structured=0.38, clean=0.18, prefixed=0.12)),
        ),
        Profile(
            "se", "SE", "SEK", "plain", {"sepa_plain": 1.0}, tax=25, structured="ocr",
            prices=("49.00", "79.00", "99.00", "149.00", "199.00", "299.00", "129.00", "399.00", "995.00"),
            abroad={("DE", "EUR"): 0.05, ("GB", "GBP"): 0.03},
            rates=Rates(references=_references(structured=0.42, clean=0.17, prefixed=0.1)),
        ),
        Profile(
            "fr", "FR", "EUR", "proforma", {"sepa_plain": 0.85, "mt940": 0.15}, prices=_EURO, tax=20, first_id=2210,
            abroad={("BE", "EUR"): 0.08, ("ES", "EUR"): 0.06, ("CH", "CHF"): 0.04}, weekly_payouts=True,
        ),
        Profile(
            "jp", "JP", "JPY", "month", {"zengin": 1.0}, tax=10, prices=("500", "980", "1280", "1980", "2980", "4980",
            "800", "330", "9800", "14800"), abroad={("US", "USD"): 0.05}, stripe=0.5, companies=0.6,
            rates=Rates(references=_references(empty=0.3, name_text=0.12, clean=0.16, prefixed=0.1)),
        ),
        Profile(
            "kw", "KW", "KWD", "padded", {"wire": 0.4, "sepa_plain": 0.6}, tax=0, stripe=0.3,
            prices=("1.500", "2.950", "3.000", "4.500", "5.000", "7.250", "9.900", "15.000", "24.750", "45.000"),
            abroad={("GB", "GBP"): 0.04, ("US", "USD"): 0.08},
        ),
    )
}  # fmt: skip
PROFILES["reseller"] = replace(
    _UK, name="reseller", reseller_clients=0.75, reseller_size=(15, 80), reseller_bulk=0.6, stripe=0.22, paypal=0.06,
    first_id=412000, dialects={"fps": 0.3, "sepa_plain": 0.5, "mt940": 0.2},
)  # fmt: skip
# Cut texts, dense numbers, few names and few prices, and every difficulty half as often again.
PROFILES["hard"] = replace(
    _UK, name="hard", rates=_UK.rates.harder(1.5), common_names=0.85, companies=0.4, prices=_ROUND[:6],
    priced_at_random=0.01,
)  # fmt: skip
