"""What makes one host differ from another: country, currency, numbering, sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Profile:
    """The measures of a host. Shares are of one; counts are what is generated."""

    slug: str
    name: str
    country: str
    currency: str
    foreign_currency: str
    foreign_rate: str
    until: date
    tax_rate: int
    tax_name: str
    countries: Mapping[str, int]
    business_share: float
    card_share: float
    client_count: int
    reseller_count: int
    first_client_id: int
    first_invoice_id: int
    number_format: str
    paid_number_format: str
    prices: tuple[int, ...]
    shapes: Mapping[str, int]
    open_invoices: int
    other_invoices: Mapping[str, int]
    charges: int
    failed_charges: int
    refunds: int
    payout_weekdays: tuple[int, ...]
    statement_descriptor: str
    stripe_sender: str
    card_fee: tuple[int, int]
    noise: Mapping[str, int]

    @property
    def start(self) -> date:
        """Return the first day of the bank statement: a month before `until`."""
        return self.until - timedelta(days=31)

    @property
    def decided_before(self) -> date:
        """Return the first day that nobody has booked in WHMCS yet."""
        return self.until - timedelta(days=21)
