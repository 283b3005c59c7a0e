"""Watches corrected automatic receipts, and says when they are too many for what was promised.

An e-detector: the mean of likelihood ratios against three worse error rates, each started again whenever it falls
below one. While no more than `tolerated` of the receipts are wrong, it reaches `ALARM` within n receipts with a chance
of at most n / ALARM, whatever the order and however often one looks.
Source: Shin, Ramdas and Rinaldo, E-detectors, 2024; docs/adr/0018-corrected-automation-stops-itself.md
"""

from __future__ import annotations

from collections.abc import Iterable

ALARM = 50_000.0
_WORSE = (3.0, 10.0, 30.0)
_HIGHEST = 0.5
_LEAST_TOLERATED = 0.0005


def surprise(outcomes: Iterable[bool], *, tolerated: float) -> float:
    """The highest value of the watch along these receipts.

    Shape: `outcomes` in the order of the decisions, True for a corrected one; a correction more never lowers the value.
    """
    tolerated = min(_HIGHEST / 2, max(_LEAST_TOLERATED, tolerated))
    rates = [min(_HIGHEST, tolerated * times) for times in _WORSE]
    wrong = [rate / tolerated for rate in rates]
    right = [(1 - rate) / (1 - tolerated) for rate in rates]
    values = [0.0] * len(rates)
    highest = 0.0
    for outcome in outcomes:
        ratios = wrong if outcome else right
        values = [max(1.0, value) * ratio for value, ratio in zip(values, ratios, strict=True)]
        highest = max(highest, sum(values) / len(values))
    return highest


def has_drifted(outcomes: Iterable[bool], *, tolerated: float) -> bool:
    """Whether so many were corrected that automation must stop."""
    return surprise(outcomes, tolerated=tolerated) >= ALARM
