"""Everything on the account that no customer paid: salaries, rent, tax, suppliers, cards, fees, own transfers."""

import random
from collections.abc import Callable
from datetime import date, timedelta

from payymo.sandbox.generator import iban, people
from payymo.sandbox.generator.model import Client, Transfer
from payymo.sandbox.generator.profile import Profile

WORDING = {
    "DE": {
        "salary": "Gehalt {m}", "rent": "Miete Büro {m} Objekt 4711",
        "tax": "USt-Voranmeldung {m} St.-Nr. 210/5839/1207",
        "tax_from": "Finanzamt Leipzig II", "tax_refund": "Erstattung Umsatzsteuer {m}", "interest": "Habenzinsen {m}",
        "fee": "Kontoführung {m}", "own": "Umbuchung Rücklage", "refund": "Erstattung Rechnung {n}",
        "landlord": "Immobilien Verwaltung Talblick GmbH", "returned": "Rückgabe Lastschrift {n}",
        "bank": "Nordhaven Bank",
        "card": "KARTE", "bill": "RG", "credit_note": "Gutschrift {n}",
    },
    "GB": {
        "salary": "SALARY {m}", "rent": "RENT UNIT 7 {m}", "tax": "HMRC VAT 123 4567 89", "tax_from": "HMRC VAT",
        "tax_refund": "HMRC VAT REPAYMENT", "interest": "GROSS INTEREST {m}", "fee": "ACCOUNT FEE {m}",
        "own": "TRANSFER TO RESERVE", "refund": "REFUND INV {n}", "landlord": "Kettlewell Lettings LLP",
        "returned": "RETURNED DIRECT DEBIT {n}", "bank": "Albion Bank",
        "card": "CARD", "bill": "INV", "credit_note": "CREDIT NOTE {n}",
    },
}  # fmt: skip
SUPPLIERS = {
    "DE": [
        ("Rechenzentrum Saale GmbH", "Colocation Rack 14"), ("Peering Exchange Nord e.V.", "Port 10G"),
        ("Registrar Services Example AG", "Domain invoices"), ("Hardware Handel Basalt GmbH", "NVMe 2TB x8"),
        ("Stadtwerke Example", "Strom Abschlag"), ("Telefon Example GmbH", "Rufnummernblock"),
    ],
    "GB": [
        ("Docklands Colocation Ltd", "RACK 14"), ("Peering Exchange North", "PORT 10G"),
        ("Registrar Services Example", "DOMAINS"), ("Basalt Hardware Ltd", "NVME 2TB X8"),
        ("Severn Power Example", "ELECTRICITY"), ("Telecom Example plc", "LINE RENTAL"),
    ],
}  # fmt: skip
SHOPS = {
    "DE": [
        "BAHN TICKET 8823",
        "CAFE LINDE",
        "BUEROBEDARF ONLINE",
        "TANKSTELLE 0412",
        "HOTEL ANKER",
        "CLOUD EXAMPLE*SUB",
    ],
    "GB": [
        "RAIL TICKETS 8823",
        "THE LANTERN CAFE",
        "STATIONERY DIRECT",
        "PETROL 0412",
        "ANCHOR HOTEL",
        "CLOUD EXAMPLE*SUB",
    ],
}
GIFTS = {
    "DE": (["Spende", "Sponsoring", ""], ["Verein", "Stiftung"]),
    "GB": (["DONATION", "SPONSORSHIP", ""], ["Trust", "Society"]),
}

Maker = Callable[[int], Transfer]


class Noise:
    """Makes the entries of one host that settle nothing."""

    def __init__(self, rng: random.Random, profile: Profile, clients: list[Client], own: tuple[str, str]) -> None:
        self.rng, self.profile, self.clients = rng, profile, clients
        self.home = "GB" if profile.country == "GB" else "DE"
        self.words = WORDING[self.home]
        self.own_main, self.own_reserve = own
        self.days = people.business_days(profile.start, profile.until)
        self.staff = [(people.relative(rng, one), iban.invent(rng, profile.country)) for one in clients[:9]]
        self.suppliers = [(name, text, iban.invent(rng, profile.country)) for name, text in SUPPLIERS[self.home]]

    def _entry(
        self, kind: str, index: int, amount: int, name: str, account: str, text: str, *, day: date | None = None,
        code: str = "",
    ) -> Transfer:  # fmt: skip
        default = "PMNT-RCDT-ESCT" if amount > 0 else "PMNT-ICDT-ESCT"
        return Transfer(
            key=f"n-{kind}-{index:03d}", account="main", booked_on=day or self.rng.choice(self.days), amount=amount,
            currency=self.profile.currency, name=name, iban=account, text=self._fill(text), kind=kind,
            code=code or default, tags=["noise"],
        )  # fmt: skip

    def _fill(self, text: str) -> str:
        month = self.profile.until.replace(day=1) - timedelta(days=1)
        return text.format(m=f"{month:%m/%Y}", n=self.rng.randint(10000, 99999))

    def _on(self, day_of_month: int) -> date:
        for day in self.days:
            if day.day >= day_of_month:
                return day
        return self.days[0]

    def salary(self, index: int) -> Transfer:
        """Pay one employee."""
        name, account = self.staff[index % len(self.staff)]
        amount = -self.rng.randint(182_000, 415_000)
        return self._entry("salary", index, amount, name, account, self.words["salary"], day=self._on(27))

    def rent(self, index: int) -> Transfer:
        """Pay the office."""
        account = iban.invent(self.rng, self.profile.country)
        return self._entry(
            "rent", index, -184_000, self.words["landlord"], account, self.words["rent"], day=self._on(2)
        )

    def tax(self, index: int) -> Transfer:
        """Pay the tax office."""
        amount = -self.rng.randint(150_000, 690_000)
        account = iban.invent(self.rng, self.profile.country)
        return self._entry("tax", index, amount, self.words["tax_from"], account, self.words["tax"], day=self._on(10))

    def tax_refund(self, index: int) -> Transfer:
        """Receive money from the tax office."""
        account = iban.invent(self.rng, self.profile.country)
        amount = self.rng.randint(9_000, 80_000)
        return self._entry("tax_refund", index, amount, self.words["tax_from"], account, self.words["tax_refund"])

    def supplier(self, index: int) -> Transfer:
        """Pay a supplier."""
        name, text, account = self.rng.choice(self.suppliers)
        return self._entry(
            "supplier", index, -self.rng.randint(1_900, 240_000), name, account, f"{text} {self.words['bill']} {{n}}"
        )

    def supplier_refund(self, index: int) -> Transfer:
        """Receive a supplier's credit note."""
        name, _text, account = self.rng.choice(self.suppliers)
        return self._entry(
            "supplier_refund", index, self.rng.randint(900, 30_000), name, account, self.words["credit_note"]
        )

    def card(self, index: int) -> Transfer:
        """Buy something by card."""
        shop = self.rng.choice(SHOPS[self.home])
        amount = -self.rng.randint(350, 24_000)
        return self._entry("card", index, amount, shop, "", f"{shop} {self.words['card']} 7782", code="PMNT-CCRD-POSD")

    def fee(self, index: int) -> Transfer:
        """Pay the bank."""
        amount = -self.rng.choice([490, 990, 1250])
        return self._entry("bank_fee", index, amount, self.words["bank"], "", self.words["fee"], code="PMNT-MDOP-CHRG")

    def interest(self, index: int) -> Transfer:
        """Receive interest."""
        amount = self.rng.randint(12, 940)
        return self._entry("interest", index, amount, self.words["bank"], "", self.words["interest"])

    def own_transfer(self, index: int) -> Transfer:
        """Move money to the reserve account, or back."""
        amount = self.rng.choice([-500_000, -300_000, 200_000])
        return self._entry("own_transfer", index, amount, self.profile.name, self.own_reserve, self.words["own"])

    def refund_out(self, index: int) -> Transfer:
        """Give a customer his money back by transfer."""
        client = self.rng.choice(self.clients)
        amount = -self.rng.choice(self.profile.prices)
        return self._entry("refund_out", index, amount, client.payer_name, client.payer_iban, self.words["refund"])

    def unknown_payer(self, index: int) -> Transfer:
        """Receive money from somebody who is no client, or not under this name."""
        texts, givers = GIFTS[self.home]
        name = f"{self.rng.choice(people.WORDS)} {self.rng.choice(givers)}"
        account = iban.invent(self.rng, self.profile.country)
        amount = self.rng.randint(700, 45_000)
        return self._entry("unknown_payer", index, amount, name, account, self.rng.choice(texts))

    def wallet_payout(self, index: int) -> Transfer:
        """Receive the balance of another payment service."""
        account = iban.invent(self.rng, "LU")
        amount = self.rng.randint(4_000, 60_000)
        return self._entry("wallet_payout", index, amount, "WALLET EXAMPLE S.A.", account, "WALLET PAYOUT {n}")

    def returned_debit(self, index: int) -> Transfer:
        """See a direct debit come back."""
        name, _text, account = self.rng.choice(self.suppliers)
        amount = self.rng.randint(1_900, 9_000)
        return self._entry(
            "returned_debit", index, amount, name, account, self.words["returned"], code="PMNT-RDDT-UPDD"
        )

    def all(self) -> list[Transfer]:
        """Return the counts of the profile; own transfers appear on both accounts."""
        makers: dict[str, Maker] = {
            "salary": self.salary, "rent": self.rent, "tax": self.tax, "tax_refund": self.tax_refund,
            "supplier": self.supplier, "supplier_refund": self.supplier_refund, "card": self.card, "fee": self.fee,
            "interest": self.interest, "own_transfer": self.own_transfer, "refund_out": self.refund_out,
            "unknown_payer": self.unknown_payer, "wallet_payout": self.wallet_payout,
            "returned_debit": self.returned_debit,
        }  # fmt: skip
        made = [maker(index) for kind, maker in makers.items() for index in range(self.profile.noise[kind])]
        return made + [self._mirrored(one) for one in made if one.kind == "own_transfer"]

    def _mirrored(self, entry: Transfer) -> Transfer:
        code = "PMNT-RCDT-ESCT" if entry.amount < 0 else "PMNT-ICDT-ESCT"
        return Transfer(
            key=f"{entry.key}m", account="reserve", booked_on=entry.booked_on, amount=-entry.amount,
            currency=entry.currency, name=entry.name, iban=self.own_main, text=entry.text, kind="own_transfer",
            code=code,
            tags=["noise"],
        )  # fmt: skip
