"""What a host bills: products, cycles, taxes, and invoices in the shape of WHMCS."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from benchmarks.hosts.money import local_price, written
from benchmarks.hosts.numbers import Numbering, paid_number
from benchmarks.hosts.people import Client, Debt, Service
from benchmarks.hosts.profiles import Profile

_NEVER = "0000-00-00 00:00:00"
_PRODUCTS = ("Web Hosting", "Mail Hosting", "Managed WordPress", "Virtual Server", "Online Storage", "Shop Hosting")
_TERMS, _TERM_WEIGHTS = (7, 14, 30), (0.2, 0.6, 0.2)
_LENGTH = {1: 30, 3: 90, 12: 360}


class Billing:
    """Prices services and issues invoices."""

    def __init__(self, profile: Profile, rng: Random) -> None:
        self.profile, self._rng = profile, rng
        self._numbering = Numbering(profile.numbering)
        self._next_id = profile.first_id
        self._weights = [1 / (place + 1.2) for place in range(len(profile.prices))]
        self._paid = 0

    def services(self) -> list[Service]:
        """What a new client rents: one to four products on one cycle."""
        rng = self._rng
        months = rng.choices((1, 3, 12), (0.62, 0.095, 0.285))[0]
        count = rng.choices((1, 2, 3, 4), (0.7, 0.24, 0.05, 0.01))[0]
        return [Service(rng.choice(_PRODUCTS), self._price(), months) for _ in range(count)]

    def _price(self) -> int:
        """An index into the price list, or a price of one's own as its negative."""
        rng = self._rng
        if rng.random() < self.profile.priced_at_random:
            return -rng.randrange(300, 40000)
        return rng.choices(range(len(self.profile.prices)), self._weights)[0]

    def bills(self, services: list[Service], birthday: int, start: date, end: date) -> Iterator[tuple[date, bool]]:
        """The days on which a client is billed, and whether for a domain rather than for services."""
        rng, months = self._rng, services[0].months
        first, last, pick = start, end, rng.random()
        if pick < 0.12:
            first = start + timedelta(days=rng.randrange((end - start).days))
        elif pick < 0.24:
            last = start + timedelta(days=rng.randrange((end - start).days))
        offset = rng.randrange(months)
        renewal = rng.randrange(365) if rng.random() < 0.66 else None
        day = date(first.year, first.month, birthday)
        while day <= last:
            since = (day.year - start.year) * 12 + day.month - start.month
            if day >= first and (since + offset) % months == 0:
                yield day, False
            if renewal is not None and day >= first and (day - start).days % 365 // 31 == renewal // 31:
                yield day, True
            day = date(day.year + day.month // 12, day.month % 12 + 1, birthday)

    def issue(self, client: Client, day: date, domain: bool) -> tuple[dict[str, Any], Debt | None]:
        """An invoice in the state it has at issue, and the debt unless there is none."""
        rng, profile = self._rng, self.profile
        items = list(self._items(client, day, domain))
        rate = profile.tax if client.land.code == profile.land else 0
        listed = sum(amount for _, amount in items)
        if profile.tax_inside:
            total = listed
            tax = listed - round(listed * 100 / (100 + rate))
        else:
            tax = round(listed * rate / 100)
            total = listed + tax
        self._next_id += 1
        number = self._numbering.next(day)
        due = day + timedelta(days=rng.choices(_TERMS, _TERM_WEIGHTS)[0])
        status, gateway = self._fate(client)
        paid = day + timedelta(days=rng.choice((0, 1, 1, 2, 3, 5, 8)))
        if status == "Paid" and profile.numbering == "proforma":
            self._paid += 1
            number = paid_number(day, self._paid)
        closed = datetime.combine(paid, time(10, rng.randrange(60))).isoformat(" ")
        record = {
            "id": self._next_id, "userid": client.id, "firstname": client.first, "lastname": client.last,
            "companyname": client.company, "invoicenum": number, "date": day.isoformat(), "duedate": due.isoformat(),
            "datepaid": closed if status in ("Paid", "Refunded") else _NEVER,
            "date_refunded": closed if status == "Refunded" else _NEVER,
            "date_cancelled": closed if status == "Cancelled" else _NEVER,
            "subtotal": written(total - tax, client.currency), "credit": "0.00", "tax": written(tax, client.currency),
            "tax2": "0.00", "total": written(total, client.currency),
            "balance": written(0 if status in ("Paid", "Refunded") else total, client.currency),
            "taxrate": f"{rate}.000", "taxrate2": "0.000", "status": status, "paymentmethod": gateway, "notes": "",
            "currencycode": client.currency,
            "items": [{"description": words, "amount": written(amount, client.currency)} for words, amount in items],
        }  # fmt: skip
        if status != "Unpaid":
            return record, None
        return record, Debt(self._next_id, number, client, total, total, tax, day, due, self._next_id)

    def _items(self, client: Client, day: date, domain: bool) -> Iterator[tuple[str, int]]:
        if domain:
            words = f"Domain Renewal - {client.domain} - 1 Year/s"
            yield words, local_price(self.profile.prices[(client.id * 7) % 4], self.profile.currency, client.currency)
            return
        for service in client.services:
            price = -service.price
            if service.price >= 0:
                price = local_price(self.profile.prices[service.price], self.profile.currency, client.currency)
            until = day + timedelta(days=_LENGTH[service.months])
            words = f"{service.words} - {client.domain} ({day:%d/%m/%Y} - {until:%d/%m/%Y})"
            yield words, price * {1: 1, 3: 3, 12: 10}[service.months]

    def _fate(self, client: Client) -> tuple[str, str]:
        rng, rates = self._rng, self.profile.rates
        if rng.random() < rates.cancelled:
            return "Cancelled", client.gateway
        if rng.random() < rates.refunded:
            return "Refunded", client.gateway
        if client.gateway == "paypal" and rng.random() < 0.965:
            return "Paid", "paypal"
        return "Unpaid", client.gateway
