"""What payers write into the remittance text."""

from collections.abc import Sequence
from datetime import date
from random import Random

from benchmarks.hosts.letters import misread, mistyped, shortened
from benchmarks.hosts.money import written
from benchmarks.hosts.numbers import tail
from benchmarks.hosts.people import Debt, Payer

_JOINS = (",", ", ", " / ", " & ", "; ", " ", "+", "/")


def refer(payer: Payer, style: str, debts: Sequence[Debt], day: date, rng: Random) -> str:
    """The payer's text for these invoices."""
    number = _numbers(payer, style, debts, rng)
    if style in _MAKERS:
        return _MAKERS[style](payer, debts, day, rng)
    if style == "clean":
        return number
    if style == "messy":
        return _messy(payer, number, debts[0], day, rng)
    if style == "ocr":
        return _labelled(payer, misread(number, rng), rng)
    return _labelled(payer, number, rng)


def _numbers(payer: Payer, style: str, debts: Sequence[Debt], rng: Random) -> str:
    shown = [debt.shown for debt in debts]
    if style == "short":
        shown = [tail(number) for number in shown]
    elif style == "typo":
        shown[0] = mistyped(shown[0], rng)
    elif style == "missing_digit":
        shown[0] = shortened(shown[0], rng)
    elif style == "stale":
        return payer.write(payer.known or shown[0])
    if len(shown) > 1 and len(shown) < 8 and rng.random() < 0.08:
        return payer.write(shown[0]) + "".join(f"/{number[-3:]}" for number in shown[1:])
    return _join(rng).join(payer.write(number) for number in shown)


def _join(rng: Random) -> str:
    return rng.choices(_JOINS, (5, 5, 2, 1, 1, 1, 1, 1))[0]


def _labelled(payer: Payer, number: str, rng: Random) -> str:
    label = payer.label if rng.random() < 0.7 else rng.choice(payer.land.invoice)
    gap = "" if label.endswith("#") or rng.random() < 0.1 else " "
    if label.endswith(":") and rng.random() < 0.6:
        gap = ""
    text = f"{label}{gap}{number}"
    return text if rng.random() < 0.95 else f"{text} {rng.choice(payer.land.thanks)}"


def _messy(payer: Payer, number: str, debt: Debt, day: date, rng: Random) -> str:
    client = debt.client
    label, customer = rng.choice(payer.land.invoice), f"{rng.choice(payer.land.customer)} {client.id}"
    amount = written(debt.balance, client.currency)
    issued = debt.issued.strftime(rng.choice(("%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d", "%d.%m.%y")))
    return rng.choice(
        (
            f"{customer} {label}{number}",
            f"{customer} {label} {number}",
            f"{label} {number} {issued}",
            f"{label} {number} {client.currency} {amount.replace('.', ',')}",
            f"{label} {number} {amount}",
            f"{label} {number} {client.domain}",
            f"{client.last} {label} {number}",
            f"{label}{number}, {client.first} {client.last}",
            f"{label} {number} {rng.choice(payer.land.thanks)} {day:%m/%Y}",
        )
    )


def _generic(payer: Payer, debts: Sequence[Debt], day: date, rng: Random) -> str:
    words = rng.choice(payer.land.thanks)
    return words if rng.random() < 0.8 else f"{words} {day:%m}"


def _domain(payer: Payer, debts: Sequence[Debt], day: date, rng: Random) -> str:
    domain = debts[0].client.domain
    if rng.random() < 0.35:
        domain = domain.partition(".")[0]
    return domain if rng.random() < 0.5 else f"{rng.choice(payer.land.thanks)} {domain}"


def _client_number(payer: Payer, debts: Sequence[Debt], day: date, rng: Random) -> str:
    number = str(debts[0].client.id)
    if rng.random() < 0.15:
        return number
    text = f"{rng.choice(payer.land.customer)} {number}"
    return text if rng.random() < 0.75 else f"{text} {rng.choice(payer.land.thanks)}"


def _name_text(payer: Payer, debts: Sequence[Debt], day: date, rng: Random) -> str:
    client = debts[0].client
    name = client.company or f"{client.first} {client.last}"
    return name if rng.random() < 0.6 else f"{name} {rng.choice(payer.land.thanks)}"


def _empty(payer: Payer, debts: Sequence[Debt], day: date, rng: Random) -> str:
    return ""


def _misleading(payer: Payer, debts: Sequence[Debt], day: date, rng: Random) -> str:
    """Numbers that are no invoice of the host's: dates, orders, the payer's own numbers, a stranger's invoice."""
    order, pick = rng.choice(payer.land.order), rng.random()
    if pick < 0.2:
        return f"{order} {day:%Y}-{rng.randrange(100, 9999):05d}"
    if pick < 0.42:
        return f"{order} {rng.randrange(900, 320000)}"
    if pick < 0.58:
        return f"{day:%Y%m%d}"
    if pick < 0.74:
        return f"{rng.choice(payer.land.thanks)} {day:%d.%m.%Y}"
    if pick < 0.86:
        return f"{rng.choice(payer.land.thanks)} {day:%Y-%m}"
    if pick < 0.95:
        return f"{rng.choice(payer.land.order)} {rng.randrange(10**6):07d}"
    return _like(debts[0], rng)


def _like(debt: Debt, rng: Random) -> str:
    """A number of the host's own shape that some other client may own."""
    shown = debt.shown
    digits = [place for place, sign in enumerate(shown) if sign.isdigit()][-3:]
    signs = list(shown)
    for place in digits:
        signs[place] = rng.choice("0123456789")
    return "".join(signs)


def strange_number(rng: Random, day: date) -> str:
    """A number of another company's invoice."""
    return rng.choice(
        (f"{day:%Y}-{rng.randrange(1, 9999):05d}", str(rng.randrange(20000, 999999)), f"{rng.randrange(1000, 9999)}")
    )


_MAKERS = {
    "generic": _generic, "domain": _domain, "clientno": _client_number, "name_text": _name_text, "empty": _empty,
    "misleading": _misleading,
}  # fmt: skip
