"""Keeps the latest receipts that settled nothing, by payer, for a second look when the payer becomes known."""

from __future__ import annotations

from matching.core.types import Receipt

_MOST = 600


class Unmatched:
    """A bounded number of receipts, the oldest dropped first."""

    def __init__(self) -> None:
        self._receipts: dict[str, Receipt] = {}
        self._of_payer: dict[str, list[str]] = {}

    def add(self, receipt: Receipt) -> None:
        """Keep one receipt."""
        self._receipts[receipt.id] = receipt
        for payer in _payers(receipt):
            self._of_payer.setdefault(payer, []).append(receipt.id)
        if len(self._receipts) > _MOST:
            self.remove(next(iter(self._receipts.values())))

    def remove(self, receipt: Receipt) -> None:
        """Forget one receipt."""
        del self._receipts[receipt.id]
        for payer in _payers(receipt):
            self._of_payer[payer].remove(receipt.id)
            if not self._of_payer[payer]:
                del self._of_payer[payer]

    def of(self, payer: str) -> list[Receipt]:
        """Receipts from this account or name, oldest first."""
        return [self._receipts[receipt_id] for receipt_id in self._of_payer.get(payer, ())]


def _payers(receipt: Receipt) -> set[str]:
    return {receipt.counterparty_account, receipt.counterparty_name} - {""}
