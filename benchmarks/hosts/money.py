"""Amounts in minor units and as text."""

from benchmarks.hosts.profiles import EXPONENTS, PER_EURO


def to_minor(text: str, currency: str) -> int:
    """Minor units of an amount written with or without a fraction."""
    places = EXPONENTS.get(currency, 2)
    whole, _, part = text.partition(".")
    return int(whole) * 10**places + int((part + "000")[:places] or 0)


def written(minor: int, currency: str) -> str:
    """The amount with the currency's places: 9.99, 980, 1.500."""
    places = EXPONENTS.get(currency, 2)
    if not places:
        return str(minor)
    sign, size = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{size // 10**places}.{size % 10**places:0{places}d}"


def exchanged(minor: int, source: str, target: str, wander: float = 0.0) -> tuple[int, float]:
    """The amount in another currency, and how much of the target one of the source gave."""
    rate = PER_EURO[target] / PER_EURO[source] * (1 + wander)
    units = minor / 10 ** EXPONENTS.get(source, 2) * rate
    return round(units * 10 ** EXPONENTS.get(target, 2)), rate


def local_price(text: str, home: str, currency: str) -> int:
    """A list price in the client's currency: the same figure where the currencies are alike, else a converted one."""
    ratio = PER_EURO[currency] / PER_EURO[home]
    if 0.2 < ratio < 5:
        return to_minor(text, currency)
    places = EXPONENTS.get(currency, 2)
    units = max(1, round(float(text) * ratio))
    return units * 10**places - (1 if places == 2 else 0)
