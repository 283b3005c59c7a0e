"""Clients, and whoever pays for them with the habits they keep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from benchmarks.hosts.lands import FANCY, LANDS, THINGS, TRADES, Land
from benchmarks.hosts.letters import domain_word, katakana, latin
from benchmarks.hosts.numbers import writing
from benchmarks.hosts.profiles import Profile
from benchmarks.hosts.rates import BULK_REFERENCES, RESELLER_REFERENCES
from benchmarks.hosts.references import iban

_MAILS = ("gmail.com", "outlook.com", "mail.example", "post.example", "inbox.example")
_BANKS = ("ALBA", "BRIG", "CORA", "DELT", "FINC", "MERC", "NORD", "VEST")
_NO_IBAN = frozenset({"US", "JP"})


@dataclass(slots=True, eq=False)
class Debt:
    """An invoice somebody owes."""

    id: int
    number: str
    client: "Client"
    total: int
    balance: int
    tax: int
    issued: date
    due: date
    order: int

    @property
    def shown(self) -> str:
        """What the payer reads on it."""
        return self.number or str(self.id)


@dataclass(slots=True, eq=False)
class Service:
    """One product that a client rents: what it costs, and when it is billed next."""

    words: str
    price: int
    months: int


@dataclass(slots=True, eq=False)
class Payer:
    """Whoever's bank account the money leaves, and the habits of that account's owner."""

    name: str
    kind: str
    land: Land
    account: str
    style: str
    write: Callable[[str], str]
    label: str
    capitals: bool
    timing: str
    day_of_month: int
    german: bool
    dialect: str
    bulk: bool = False
    clients: list["Client"] = field(default_factory=list)
    known: str = ""


@dataclass(slots=True, eq=False)
class Client:
    """A client of the host."""

    id: int
    first: str
    last: str
    company: str
    email: str
    domain: str
    land: Land
    currency: str
    gateway: str
    birthday: int
    services: list[Service]
    open: list[Debt] = field(default_factory=list)
    payer: Payer | None = None
    customer: str = ""
    billing: str = ""


def _skewed(words: Sequence[str], rng: Random) -> str:
    """A word, the first ones more often."""
    return words[int(len(words) * rng.random() ** 1.9)]


class Registry:
    """Invents people and companies of one host."""

    def __init__(self, profile: Profile, rng: Random) -> None:
        self.profile, self.rng = profile, rng
        self._next = profile.first_client
        self._accountants: list[Payer] = []
        lands = list(profile.abroad)
        self._lands = [(profile.land, profile.currency), *lands]
        self._weights = [1 - sum(profile.abroad.values()), *profile.abroad.values()]
        # Few given names are common in one town; which ones differs by host.
        self._firsts = {code: rng.sample(land.firsts, len(land.firsts)) for code, land in LANDS.items()}
        self._lasts = {code: rng.sample(land.lasts, len(land.lasts)) for code, land in LANDS.items()}

    def person(self, land: Land) -> tuple[str, str]:
        """A given and a family name."""
        rng = self.rng
        first = _skewed(self._firsts[land.code], rng)
        if rng.random() < self.profile.common_names:
            return first, _skewed(self._lasts[land.code], rng)
        return first, rng.choice(land.stems) + rng.choice(land.ends)

    def company(self, land: Land, last: str) -> str:
        """A company's name."""
        rng, form = self.rng, self.rng.choice(land.forms)
        trade, pick = rng.choice(TRADES), rng.random()
        if pick < 0.26:
            name = f"{last} {trade}"
        elif pick < 0.36:
            name = f"{last} & {self.person(land)[1]}"
        elif pick < 0.5:
            name = f"{rng.choice(land.places)} {trade}"
        elif pick < 0.62:
            name = f"{''.join(rng.choice('ABCDEFGHIKLMNOPRSTUVW') for _ in range(3))} {trade}"
        elif pick < 0.82:
            name = f"{rng.choice(FANCY)}{rng.choice(THINGS).lower()}" + (f" {trade}" if rng.random() < 0.5 else "")
        else:
            name = f"{rng.choice(FANCY)} {rng.choice(THINGS)}" + (f" {trade}" if rng.random() < 0.5 else "")
        return f"{name} {form}"

    def account(self, land: Land) -> str:
        """An account number."""
        rng = self.rng
        if land.code in _NO_IBAN:
            return "".join(rng.choice("0123456789") for _ in range(10))
        bban = land.bban.replace(" ", "").replace("BANK", rng.choice(_BANKS))
        return iban(land.code, "".join(rng.choice("0123456789") if sign == "9" else sign for sign in bban))

    def client(self, gateway: str, services: list[Service], birthday: int, home: bool) -> Client:
        """A client, without a payer yet."""
        rng, profile = self.rng, self.profile
        code, currency = self._lands[0] if home else rng.choices(self._lands, self._weights)[0]
        land = LANDS[code]
        first, last = self.person(land)
        company = self.company(land, last) if rng.random() < profile.companies else ""
        stem = domain_word(company or f"{first}{last}") + (str(rng.randrange(2, 99)) if rng.random() < 0.3 else "")
        domain = stem + (land.tld if rng.random() < 0.65 else ".com")
        mail = f"{domain_word(first)}.{domain_word(last)}@{rng.choice(_MAILS)}"
        if company and rng.random() < 0.5:
            mail = f"{rng.choice(('info', 'office', 'mail', 'accounts'))}@{domain}"
        self._next += 1
        made = Client(
            self._next, first, last, company, mail, domain, land, currency, gateway, birthday, services,
        )  # fmt: skip
        made.customer = f"cus_{rng.getrandbits(70):x}" if rng.random() < 0.8 else ""
        pick = rng.random()
        made.billing = f"{first} {last}" if pick < 0.62 else f"{last} {first}" if pick < 0.76 else f"{first[0]} {last}"
        return made

    def payer(self, client: Client) -> Payer:
        """Who pays for this client."""
        rng, rates = self.rng, self.profile.rates
        kind = rng.choices(list(rates.payers), list(rates.payers.values()))[0]
        if kind == "person_for_company" and not client.company:
            kind = "own_short"
        if kind == "company_for_person" and client.company:
            kind = "own"
        if kind == "accountant" and self._accountants and rng.random() < 0.35:
            return rng.choice(self._accountants)
        made = self._new_payer(kind, client)
        if kind == "accountant":
            self._accountants.append(made)
        return made

    def reseller(self, client: Client) -> Payer:
        """A payer for many clients: an agency, an accountant, a trading company."""
        rng, land = self.rng, client.land
        last = self.person(land)[1]
        name = self.company(land, last) if rng.random() < 0.6 else rng.choice(land.desk).format(last)
        made = self._new_payer("reseller", client)
        made.name, made.bulk = name, rng.random() < self.profile.reseller_bulk
        made.timing, made.day_of_month = "monthly" if made.bulk else made.timing, rng.choice((1, 3, 5, 10, 15, 28))
        styles = BULK_REFERENCES if made.bulk else RESELLER_REFERENCES
        made.style = rng.choices(list(styles), list(styles.values()))[0]
        return made

    def _new_payer(self, kind: str, client: Client) -> Payer:
        rng, rates = self.rng, self.profile.rates
        style = rng.choices(list(rates.references), list(rates.references.values()))[0]
        words = client.land if rng.random() < 0.7 else LANDS[self.profile.land]
        timing = rng.choices(("prompt", "due", "late", "standing"), (0.28, 0.3, 0.22, 0.2))[0]
        if style == "structured":
            timing = rng.choice(("prompt", "due", "late"))
        return Payer(
            self._payer_name(kind, client), kind, words, self.account(client.land), style, writing(rng),
            rng.choice(words.invoice), rng.random() < 0.7, timing, rng.randrange(1, 29), rng.random() < 0.8,
            rng.choices(list(self.profile.dialects), list(self.profile.dialects.values()))[0],
        )  # fmt: skip

    def _payer_name(self, kind: str, client: Client) -> str:
        rng, land = self.rng, client.land
        full = f"{client.first} {client.last}"
        own = client.company or full
        if land.code == "JP" and not client.company and kind != "relative" and rng.random() < 0.6:
            return katakana(f"{client.last} {client.first}")
        if kind == "own_short":
            return _short_name(client, rng)
        if kind == "person_for_company":
            return full if rng.random() < 0.6 else f"{client.last}, {client.first}"
        if kind == "company_for_person":
            return self.company(land, self.person(land)[1])
        if kind == "accountant":
            return rng.choice(land.desk).format(self.person(land)[1])
        if kind == "joint":
            return f"{client.first} {client.last} {land.joined} {self.person(land)[0]}"
        if kind == "relative":
            first, last = self.person(land)
            return f"{first} {client.last if rng.random() < 0.4 else last}"
        return own


def _short_name(client: Client, rng: Random) -> str:
    """A name with a part missing, turned round or with a title."""
    if client.company and rng.random() < 0.75:
        bare = client.company
        for form in sorted(client.land.forms, key=len, reverse=True):
            bare = bare.removesuffix(f" {form}")
        if rng.random() < 0.25 and len(bare) > 12:
            return bare[: len(bare) - rng.randrange(2, 5)] + "."
        return bare
    pick = rng.random()
    if pick < 0.45:
        return f"{client.first[0]} {client.last}"
    if pick < 0.8:
        return f"{client.last} {client.first}"
    return f"{rng.choice(client.land.titles)} {client.first} {client.last}".strip()


def client_record(client: Client, rng: Random) -> dict[str, Any]:
    """The client as WHMCS exports it."""
    return {
        "id": client.id, "uuid": f"{rng.getrandbits(128):032x}", "firstname": client.first, "lastname": client.last,
        "companyname": client.company, "email": client.email, "city": rng.choice(client.land.places),
        "postcode": f"{rng.randrange(10000, 99999)}", "countrycode": client.land.code,
        "phonenumber": f"+{rng.randrange(10**10, 10**11)}", "currency_code": client.currency, "credit": "0.00",
        "status": "Active" if rng.random() < 0.93 else "Inactive", "defaultgateway": client.gateway,
    }  # fmt: skip


def bank_letters(name: str, payer: Payer) -> str:
    """The name as the payer's own bank has it."""
    plain = latin(name, german=payer.german) if payer.capitals else name
    return plain.upper() if payer.capitals else plain
