"""Bank entries in the wire format of GoCardless Bank Account Data, with what real banks do to them."""

import random
from datetime import timedelta
from typing import Any

from payymo.sandbox.generator.model import Transfer


def money(minor: int) -> str:
    """Return minor units as a decimal string with a sign where negative."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _dates(rng: random.Random, transfer: Transfer) -> dict[str, str]:
    booked = transfer.booked_on
    value = booked - timedelta(days=rng.choice([0, 0, 0, 0, 1]))
    if rng.random() < 0.01:
        return {"bookingDateTime": f"{booked}T06:12:44+00:00", "valueDateTime": f"{value}T00:00:00+00:00"}
    if transfer.status == "pending" and rng.random() < 0.5:
        return {"bookingDate": booked.isoformat()}
    return {"bookingDate": booked.isoformat(), "valueDate": value.isoformat()}


def _ids(rng: random.Random, transfer: Transfer) -> dict[str, str]:
    if transfer.status == "pending":
        return {}
    ids = {}
    chance = rng.random()
    if chance < 0.78 or transfer.kind == "redelivered":
        ids["transactionId"] = f"{transfer.booked_on:%Y%m%d}{rng.randint(10**7, 10**8 - 1)}"
    elif chance < 0.81:
        ids["transactionId"] = " "
    elif chance < 0.84:
        ids["transactionId"] = "NOTPROVIDED"
    if rng.random() < 0.6:
        ids["entryReference"] = f"{rng.randint(10**11, 10**12 - 1)}"
    return ids


def _remittance(rng: random.Random, transfer: Transfer) -> dict[str, Any]:
    text = transfer.text
    if transfer.structured:
        return {"remittanceInformationStructured": transfer.structured}
    if not text:
        return {}
    style = rng.random()
    dutch = transfer.iban.startswith("NL")
    if dutch and style < 0.5:
        party = [f"IBAN: {transfer.iban}", f"Naam: {transfer.name}"]
        return {"remittanceInformationUnstructuredArray": ["SEPA Overboeking", *party, f"Omschrijving: {text}"]}
    if style < 0.16 and transfer.currency == "EUR":
        reference = transfer.end_to_end_id or "NOTPROVIDED"
        return {"remittanceInformationUnstructured": f"EREF+{reference} SVWZ+{text}"}
    if style < 0.24 and len(text) > 27:
        lines = [text[start : start + 27] for start in range(0, len(text), 27)]
        return {"remittanceInformationUnstructured": text[:27], "remittanceInformationUnstructuredArray": lines}
    if style < 0.26:
        return {"additionalInformation": text}
    return {"remittanceInformationUnstructured": text}


def _party(transfer: Transfer) -> dict[str, Any]:
    side = "debtor" if transfer.amount > 0 else "creditor"
    party: dict[str, Any] = {}
    if transfer.name:
        party[f"{side}Name"] = transfer.name
    if transfer.iban:
        party[f"{side}Account"] = {"iban": transfer.iban}
    return party


def _exchange(rng: random.Random, transfer: Transfer) -> dict[str, Any]:
    if not transfer.instructed:
        return {}
    amount, currency, rate = transfer.instructed
    one = {
        "sourceCurrency": currency,
        "targetCurrency": transfer.currency,
        "unitCurrency": currency,
        "exchangeRate": rate,
        "instructedAmount": {"amount": money(amount), "currency": currency},
    }
    # An object at some banks, a list at others.
    return {"currencyExchange": [one] if rng.random() < 0.5 else one}


def entry(rng: random.Random, transfer: Transfer) -> dict[str, Any]:
    """Return the entry as the API gives it, without `internalTransactionId` (that depends on the account's consent)."""
    made: dict[str, Any] = {**_ids(rng, transfer), **_dates(rng, transfer)}
    made["transactionAmount"] = {"amount": money(transfer.amount), "currency": transfer.currency}
    made |= _party(transfer)
    made |= _remittance(rng, transfer)
    made |= _exchange(rng, transfer)
    if transfer.end_to_end_id:
        made["endToEndId"] = transfer.end_to_end_id
    if transfer.status == "booked" or rng.random() < 0.5:
        made["bankTransactionCode"] = transfer.code
    if transfer.info and "additionalInformation" not in made:
        made["additionalInformation"] = transfer.info
    return made


def entries(rng: random.Random, transfers: list[Transfer]) -> dict[str, dict[str, Any]]:
    """Return every entry by key; what is delivered twice keeps the bank's own id."""
    made = {one.key: entry(rng, one) for one in transfers if not one.repeats}
    for again in (one for one in transfers if one.repeats):
        copy = dict(made[again.repeats])
        copy.setdefault("transactionId", f"{again.booked_on:%Y%m%d}{rng.randint(10**7, 10**8 - 1)}")
        if copy["transactionId"].strip() in ("", "NOTPROVIDED"):
            copy["transactionId"] = f"{again.booked_on:%Y%m%d}{rng.randint(10**7, 10**8 - 1)}"
        made[again.repeats]["transactionId"] = copy["transactionId"]
        made[again.key] = copy
    return made
