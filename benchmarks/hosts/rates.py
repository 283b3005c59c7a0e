"""How often each difficulty occurs; every rate can be set by a profile.

The defaults are what was measured on two reviewed hosts of different size, rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

# Ways in which a payer refers to what is paid. Those of NAMELESS name no invoice, or not the one they mean: such a
# payment settles the client's oldest open invoice of its balance.
REFERENCES = {
    "clean": 0.33, "prefixed": 0.205, "messy": 0.066, "generic": 0.06, "domain": 0.052, "clientno": 0.04,
    "short": 0.038, "typo": 0.036, "stale": 0.033, "name_text": 0.034, "empty": 0.042, "misleading": 0.027,
    "missing_digit": 0.03, "ocr": 0.022, "structured": 0.0,
}  # fmt: skip
NAMELESS = frozenset(
    {"generic", "domain", "clientno", "name_text", "empty", "misleading", "stale", "typo", "missing_digit"}
)
HARD_REFERENCES = frozenset({"typo", "stale", "misleading", "missing_digit", "ocr", "messy", "empty", "generic"})

# Whoever pays one by one for many clients has to say for whom.
RESELLER_REFERENCES = {
    "clean": 0.69, "short": 0.08, "domain": 0.075, "name_text": 0.075, "typo": 0.05, "prefixed": 0.03,
}  # fmt: skip
BULK_REFERENCES = {"prefixed": 0.65, "clean": 0.23, "generic": 0.12}

PAYERS = {
    "own": 0.67, "own_short": 0.13, "damaged": 0.048, "noname": 0.036, "person_for_company": 0.032,
    "accountant": 0.027, "company_for_person": 0.018, "joint": 0.013, "relative": 0.013,
}  # fmt: skip
HARD_PAYERS = frozenset({"damaged", "noname", "accountant", "company_for_person", "joint", "relative"})

# Rows that pay no invoice, as parts of the rows that pay one.
OTHERS = {
    "supplier": 0.066, "salary": 0.037, "card": 0.027, "paypal_payout": 0.027, "supplier_refund": 0.019, "tax": 0.019,
    "bankfee": 0.018, "own_transfer": 0.017, "tax_refund": 0.016, "unknown_customer": 0.0115, "interest": 0.0115,
    "other_income": 0.0098, "rent": 0.0096,
}  # fmt: skip

CHARGES = {"meta": 0.74, "desc": 0.117, "none": 0.076, "typo": 0.067}


@dataclass(frozen=True)
class Rates:
    """Rates of one host. Shares of payments unless said otherwise."""

    references: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(REFERENCES))
    payers: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(PAYERS))
    others: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(OTHERS))
    charges: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(CHARGES))
    habit: float = 0.9
    unpaid: float = 0.022
    part: float = 0.018
    instalments_follow: float = 0.95
    bundle: float = 0.05
    refund_twice: float = 0.5
    fee: float = 0.0107
    under: float = 0.0112
    discount: float = 0.006
    net_of_tax: float = 0.0048
    over: float = 0.0115
    late_fee: float = 0.0034
    twice: float = 0.0075
    redelivered: float = 0.0014
    pending: float = 0.028
    other_gateway: float = 0.012
    failed_charge: float = 0.034
    charge_twice: float = 0.005
    refunded_charge: float = 0.013
    wrong_labels: float = 0.005
    cancelled: float = 0.011
    refunded: float = 0.003
    stated_exchange: float = 0.54
    as_structured: float = 0.035
    trailing: float = 0.12

    def harder(self, by: float) -> "Rates":
        """The same rates with each difficulty `by` times as often."""
        grown = {
            name: getattr(self, name) * by
            for name in ("part", "bundle", "fee", "under", "discount", "net_of_tax", "over", "late_fee", "twice",
                         "redelivered", "pending", "unpaid", "trailing", "wrong_labels")
        }  # fmt: skip
        return replace(
            self,
            references=_shift(self.references, HARD_REFERENCES, by),
            payers=_shift(self.payers, HARD_PAYERS, by),
            charges=_shift(self.charges, frozenset({"typo", "none"}), by),
            habit=self.habit - 0.08 * (by - 1),
            **grown,
        )


def _shift(weights: Mapping[str, float], hard: frozenset[str], by: float) -> Mapping[str, float]:
    """The weights with the hard ones `by` times as heavy and the others lighter, their sum kept."""
    heavy = {name: weight * by for name, weight in weights.items() if name in hard}
    total, easy = sum(weights.values()), sum(weight for name, weight in weights.items() if name not in hard)
    left = max(0.0, total - sum(heavy.values())) / max(easy, 1e-9)
    return MappingProxyType({name: heavy.get(name, weight * left) for name, weight in weights.items()})
