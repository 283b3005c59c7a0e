"""What past decisions teach about a payer: plain counts that fade, and pairs that a person turned down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from matching.core.lexicon import (
    CLIENT_WORDS,
    COUNTING_WORDS,
    GENERIC_WORDS,
    INVOICE_WORDS,
    ORDER_WORDS,
    OTHER_NUMBER_WORDS,
)
from matching.core.normalise import fold, name_key, text_key
from matching.core.types import Receipt

HALF_LIFE_DAYS = 180
LEAST_REJECTED = 0.5
NOBODY = 0
_NO_COUNTS: Mapping[int, float] = MappingProxyType({})


class Counts:
    """Fading counts of clients under a key; client 0 stands for "settles nothing".

    Shape: `_today` holds what was asked for on `_day`: who pays for many clients pays for them on the same day;
    `_together` what `together` answered since the last change.
    """

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, list[float]]] = {}
        self._keys: dict[int, set[str]] = {}
        self._day = 0
        self._today: dict[str, dict[int, float]] = {}
        self._together: dict[str, int] = {}

    def add(self, key: str, client_id: int, on: date, weight: float = 1.0) -> None:
        """Count one decision, after fading what was known before."""
        if key:
            row = self.rows.setdefault(key, {})
            count, last = row.get(client_id, [0.0, float(on.toordinal())])
            row[client_id] = [_faded(count, last, on) + weight, float(max(on.toordinal(), int(last)))]
            self._keys.setdefault(client_id, set()).add(key)
            self._changed(key)

    def get(self, key: str, on: date) -> Mapping[int, float]:
        """Clients and their faded counts; empty for an unknown key."""
        row = self.rows.get(key)
        if not row:
            return _NO_COUNTS
        day = on.toordinal()
        if day != self._day:
            self._day = day
            self._today.clear()
        found = self._today.get(key)
        if found is None:
            fading = _FADING
            found = self._today[key] = {client: count * fading[day - last] for client, (count, last) in row.items()}
        return found

    def together(self, key: str) -> int:
        """For how many clients this payer paid on the day on which it paid for most, as far as is remembered."""
        row = self.rows.get(key)
        if row is None:
            return 0
        most = self._together.get(key)
        if most is None:
            days: dict[float, int] = {}
            for client_id, (_, last) in row.items():
                if client_id != NOBODY:
                    days[last] = days.get(last, 0) + 1
            most = self._together[key] = max(days.values(), default=0)
        return most

    def drop_client(self, client_id: int) -> None:
        """Forget one client under every key."""
        self._today.clear()
        self._together.clear()
        for key in self._keys.pop(client_id, set()):
            self.rows[key].pop(client_id, None)
            if not self.rows[key]:
                del self.rows[key]

    def drop_key(self, key: str) -> None:
        """Forget everything under one key."""
        self._changed(key)
        for client_id in self.rows.pop(key, {}):
            self._keys[client_id].discard(key)

    def load(self, key: str, row: dict[int, list[float]]) -> None:
        """Take up a key as it was written down."""
        self.rows[key] = row
        self._changed(key)
        for client_id in row:
            self._keys.setdefault(client_id, set()).add(key)

    def _changed(self, key: str) -> None:
        self._today.pop(key, None)
        self._together.pop(key, None)

    def partners(self, client_ids: Iterable[int]) -> set[int]:
        """Clients that one payer pays for together with all of these."""
        shared = [self._keys.get(client_id, set()) for client_id in client_ids]
        keys = set.intersection(*shared) if shared else set()
        return {client for key in keys if len(self.rows[key]) > 1 for client in self.rows[key]} - {NOBODY}


def _faded(count: float, last: float, on: date) -> float:
    return count * _FADING[on.toordinal() - last]


class _Fading(dict[float, float]):
    """What is left of a count after some days, worked out once for each number of days."""

    def __missing__(self, days: float) -> float:
        left = self[days] = float(0.5 ** (max(0.0, days) / HALF_LIFE_DAYS))
        return left


_FADING = _Fading()


class Memory:
    """Payer accounts, payer names and repeated texts with the clients they paid for, and rejected pairs."""

    def __init__(self) -> None:
        self.accounts = Counts()
        self.names = Counts()
        self.texts = Counts()
        self.rejected_clients: dict[tuple[str, int], tuple[float, int]] = {}
        self.rejected_invoices: dict[str, set[int]] = {}

    def learn(self, receipt: Receipt, client_ids: Iterable[int], on: date, *, weight: float = 1.0) -> None:
        """Remember whose invoices a decided receipt settled; no clients teaches that it settled nothing.

        Units: `weight` 1 for a person's decision, less for one that nobody looked at.
        """
        clients = sorted(set(client_ids)) or [NOBODY]
        for client_id in clients:
            self.accounts.add(receipt.counterparty_account, client_id, on, weight)
            self.names.add(payer_name_key(receipt), client_id, on, weight)
            self.texts.add(repeated_text_key(receipt), client_id, on, weight)
            self.rejected_clients.pop((payer_key(receipt), client_id), None)

    def clients_of_payer(self, receipt: Receipt) -> set[int]:
        """Clients that this account, or where the bank gives none this name, is known to pay for."""
        if receipt.counterparty_account:
            return set(self.accounts.rows.get(receipt.counterparty_account, ()))
        return set(self.names.rows.get(payer_name_key(receipt), ()))

    def reject(
        self, receipt: Receipt, *, on: date, client_id: int | None = None, invoice_ids: Iterable[int] = ()
    ) -> None:
        """Remember that a person turned down these invoices, or this client, for this payer."""
        if client_id is not None:
            pair = (payer_key(receipt), client_id)
            count, last = self.rejected_clients.get(pair, (0.0, on.toordinal()))
            self.rejected_clients[pair] = (_faded(count, last, on) + 1.0, max(last, on.toordinal()))
        for invoice_id in invoice_ids:
            self.rejected_invoices.setdefault(receipt.id, set()).add(invoice_id)

    def rejected_of(self, payer: str, client_ids: Iterable[int], on: date) -> list[int]:
        """Of these clients the ones that a person turned down for this payer, not too long ago."""
        if not self.rejected_clients:
            return []
        return [client_id for client_id in client_ids if self.is_rejected(payer, client_id, on)]

    def is_rejected(self, payer: str, client_id: int, on: date) -> bool:
        """Whether a person turned this client down for this payer, not too long ago: one rejection lasts 180 days."""
        count, last = self.rejected_clients.get((payer, client_id), (0.0, 0))
        return _faded(count, last, on) >= LEAST_REJECTED

    def forget(self, *, client_id: int | None = None, account: str = "", name: str = "") -> None:
        """Erase what is known about a client, a payer account or a payer name."""
        if client_id is not None:
            for counts in (self.accounts, self.names, self.texts):
                counts.drop_client(client_id)
            self.rejected_clients = {pair: told for pair, told in self.rejected_clients.items() if pair[1] != client_id}
        keys = {f"account:{account}"} if account else set()
        if account:
            self.accounts.drop_key(account)
        if name:
            key = name_key(name)
            keys.add(f"name:{key}")
            self.names.drop_key(key)
            for text in [text for text in self.texts.rows if text.startswith(f"{key}|")]:
                self.texts.drop_key(text)
        self.rejected_clients = {pair: told for pair, told in self.rejected_clients.items() if pair[0] not in keys}

    def to_dict(self) -> dict[str, Any]:
        """Plain state, ready for JSON."""
        return {
            "accounts": _dump(self.accounts),
            "names": _dump(self.names),
            "texts": _dump(self.texts),
            "rejected_clients": sorted([*pair, *told] for pair, told in self.rejected_clients.items()),
            "rejected_invoices": {receipt: sorted(ids) for receipt, ids in sorted(self.rejected_invoices.items())},
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Memory:
        """The memory that `to_dict` described."""
        memory = cls()
        for name, counts in (("accounts", memory.accounts), ("names", memory.names), ("texts", memory.texts)):
            for key, row in state.get(name, {}).items():
                counts.load(key, {int(client): [float(count), float(last)] for client, (count, last) in row.items()})
        memory.rejected_clients = {
            (str(payer), int(client)): (float(count), int(last))
            for payer, client, count, last in state.get("rejected_clients", ())
        }
        rejected = state.get("rejected_invoices", {})
        memory.rejected_invoices = {str(receipt): {int(one) for one in ids} for receipt, ids in rejected.items()}
        return memory


def _dump(counts: Counts) -> dict[str, dict[str, list[float]]]:
    return {key: {str(client): list(row[client]) for client in sorted(row)} for key, row in sorted(counts.rows.items())}


def payer_name_key(receipt: Receipt) -> str:
    """The key of the payer's name; where the bank gives none, of the words that open the text; empty for neither."""
    return name_key(receipt.counterparty_name or _opening_words(receipt.remittance_information))


@lru_cache(maxsize=65536)
def _opening_words(text: str) -> str:
    """What stands before the first number or ordinary word: some banks write the payer's name there."""
    words: list[str] = []
    for word in fold(text[:80]).split():
        bare = word.strip(".,:;-/#+*")
        if (
            not bare
            or word[0] == "#"
            or any(character.isdigit() for character in bare)
            or bare.split(":")[0] in _NO_NAME
        ):
            break
        words.append(bare)
    return " ".join(words) if len(words) >= 2 else ""


_NO_NAME = INVOICE_WORDS | COUNTING_WORDS | CLIENT_WORDS | ORDER_WORDS | OTHER_NUMBER_WORDS | GENERIC_WORDS


def payer_key(receipt: Receipt) -> str:
    """What identifies the payer best: the account, else the name, else the receipt alone."""
    if receipt.counterparty_account:
        return f"account:{receipt.counterparty_account}"
    name = payer_name_key(receipt)
    return f"name:{name}" if name else f"receipt:{receipt.id}"


def repeated_text_key(receipt: Receipt) -> str:
    """The key of an exact (name, text) pair; empty when there is too little text to tell."""
    text = text_key(receipt.remittance_information + receipt.structured_reference + receipt.description)
    name = payer_name_key(receipt)
    return f"{name}|{text}" if len(text) >= 4 or (name and text) else ""
