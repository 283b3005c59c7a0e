"""The banks, by country and name: there is no id."""

from typing import Any

from payymo.sandbox.gocardless_api import institutions


def shown(bank: dict[str, Any], country: str) -> dict[str, Any]:
    """Return a bank as the list shows it."""
    kinds = ["business", "personal"] if bank["_flags"].get("business_accounts_supported") else ["personal"]
    return {
        "name": bank["name"], "country": country, "bic": bank["bic"], "beta": False, "psu_types": kinds,
        "logo": f"https://enablebanking.com/brands/{country}/{bank['id'].lower()}/", "required_psu_headers": [],
        "maximum_consent_validity": int(bank["max_access_valid_for_days"]) * 86_400,
        "auth_methods": [{"name": None, "psu_type": kind, "approach": "REDIRECT", "credentials": []} for kind in kinds],
    }  # fmt: skip


def of_country(country: str) -> list[dict[str, Any]]:
    """Return the banks of a country; without one, all."""
    return [
        shown(bank, each)
        for bank in institutions.ALL
        for each in bank["countries"]
        if each != "XX" and country in ("", each)
    ]


def find(name: object, country: object) -> dict[str, Any] | None:
    """Return the bank of this name in this country, with the limits that the list does not show."""
    return next((bank for bank in institutions.ALL if bank["name"] == name and country in bank["countries"]), None)
