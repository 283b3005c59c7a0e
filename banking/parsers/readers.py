"""Which reader understands the stored answers of which provider."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from banking.parsers import enable_banking, gocardless, simplefin
from banking.parsers.fetched import FetchedBalances, FetchedEntries


@dataclass(frozen=True, slots=True)
class Reader:
    """How the answers of one provider are read.

    Shape: `has_own_ids`: the provider itself gives each booked entry one id, so that another amount under it is a
    correction. Otherwise the ids are the banks', which use one again for something else.
    """

    read_transactions: Callable[[bytes | str], FetchedEntries]
    read_balances: Callable[[bytes | str], FetchedBalances]
    has_own_ids: bool


READERS: Mapping[str, Reader] = {
    "enable_banking": Reader(enable_banking.read_transactions, enable_banking.read_balances, has_own_ids=False),
    "gocardless_bad": Reader(gocardless.read_transactions, gocardless.read_balances, has_own_ids=True),
    "simplefin": Reader(simplefin.read_transactions, simplefin.read_balances, has_own_ids=True),
}
