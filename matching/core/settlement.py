"""Finds the bank entry of each payout: same amount, same currency, about the arrival date, named like its sender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matching.core.lexicon import NOISE_WORDS, Noise
from matching.core.normalise import fold
from matching.core.types import Payout, Receipt, Source

_DAYS_EARLY, _DAYS_LATE = 1, 5


def find_payouts(receipts: Sequence[Receipt], payouts: Iterable[Payout]) -> Mapping[str, str]:
    """Which payout each bank entry is, by receipt id.

    Shape: each payout is found at most once; entries that two equal payouts fit equally well are left out.
    """
    by_amount: dict[tuple[str, int], list[Payout]] = {}
    for payout in payouts:
        by_amount.setdefault((payout.currency, payout.amount_minor), []).append(payout)
    fits: list[tuple[tuple[int, int], Receipt, Payout]] = []
    for receipt in receipts:
        if receipt.source is Source.BANK and receipt.amount_minor > 0:
            for payout in by_amount.get((receipt.currency, receipt.amount_minor), ()):
                worth = _fit(receipt, payout)
                if worth is not None:
                    fits.append((worth, receipt, payout))
    return _pair_up(fits)


def _fit(receipt: Receipt, payout: Payout) -> tuple[int, int] | None:
    """How well a payout explains an entry, smaller is better; None when it does not."""
    days = receipt.booking_date.toordinal() - payout.arrival_date.toordinal()
    text = fold(f"{receipt.counterparty_name} {receipt.remittance_information} {receipt.structured_reference}")
    if payout.trace_id and fold(payout.trace_id) in text.replace(" ", ""):
        return 0, abs(days)
    squeezed = text.replace(" ", "")
    named = any(word in squeezed for word in _SENDERS)
    if named and -_DAYS_EARLY - 2 <= days <= _DAYS_LATE:
        said = bool(payout.statement_descriptor) and fold(payout.statement_descriptor).replace(" ", "") in squeezed
        return (1 if said else 2), abs(days)
    return None


_SENDERS = tuple(sorted(NOISE_WORDS[Noise.PAYOUT] - {"PAYOUT", "SETTLEMENT", "PAYPAL"}))


def _pair_up(fits: list[tuple[tuple[int, int], Receipt, Payout]]) -> dict[str, str]:
    """Take the best fits first; stop at pairs that nothing tells apart."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for worth, receipt, payout in sorted(fits, key=lambda fit: (fit[0], fit[1].id, fit[2].id)):
        if receipt.id in found or payout.id in taken:
            continue
        rivals = [
            fit
            for fit in fits
            if fit[0] == worth
            and (fit[1].id == receipt.id) != (fit[2].id == payout.id)
            and fit[1].id not in found
            and fit[2].id not in taken
        ]
        if not rivals:
            found[receipt.id] = payout.id
            taken.add(payout.id)
    return found
