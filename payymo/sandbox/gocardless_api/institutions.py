"""The banks that the sandbox knows. Days are strings, as the API gives them."""

from typing import Any

SANDBOX = "SANDBOXFINANCE_SFIN0000"


def _bank(id: str, name: str, bic: str, days: str, valid: str, countries: list[str], **flags: bool) -> dict[str, Any]:
    return {
        "id": id, "name": name, "bic": bic, "transaction_total_days": days, "max_access_valid_for_days": valid,
        "max_access_valid_for_days_reconfirmation": "730" if "GB" in countries else "",
        "countries": countries, "logo": f"https://cdn.logos.example/{id.lower()}.png", "_flags": flags,
    }  # fmt: skip


ALL = [
    _bank(SANDBOX, "Sandbox Finance", "SFIN0000", "90", "90", ["XX", "DE", "GB", "NL"],
          pending_transactions_supported=True),
    _bank("NORDHAVEN_BANK_NHBKDEFFXXX", "Nordhaven Bank", "NHBKDEFFXXX", "730", "180", ["DE"],
          business_accounts_supported=True, pending_transactions_supported=True),
    _bank("TALBLICK_SPARKASSE_TBSKDE21XXX", "Talblick Sparkasse", "TBSKDE21XXX", "90", "90", ["DE"],
          separate_continuous_history_consent_supported=True),
    _bank("POLDERBANK_PDBKNL2A", "Polderbank", "PDBKNL2A", "540", "180", ["NL"], business_accounts_supported=True),
    _bank("ALBION_BANK_ALBIGB2LXXX", "Albion Bank", "ALBIGB2LXXX", "365", "90", ["GB"],
          business_accounts_supported=True, pending_transactions_supported=True),
    _bank("HARBOUR_MUTUAL_HBMUGB21", "Harbour Mutual", "HBMUGB21", "90", "90", ["GB"]),
    _bank("ALPENBANK_ALPBAT22", "Alpenbank", "ALPBAT22", "180", "180", ["AT"]),
    _bank("MONTBLEU_BANQUE_MTBLFRPP", "Montbleu Banque", "MTBLFRPP", "90", "90", ["FR"]),
]  # fmt: skip
BY_ID = {one["id"]: one for one in ALL}
FILTERS = {
    "access_scopes_supported", "account_selection_supported", "business_accounts_supported", "card_accounts_supported",
    "corporate_accounts_supported", "pending_transactions_supported", "private_accounts_supported",
    "read_debtor_account_supported", "read_refund_account_supported", "separate_continuous_history_consent_supported",
    "ssn_verification_supported",
}  # fmt: skip


def shown(bank: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the list."""
    return {key: value for key, value in bank.items() if not key.startswith("_")}


def detailed(bank: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a single institution."""
    supported = [flag.removesuffix("_supported") for flag in bank["_flags"]]
    return {**shown(bank), "supported_features": supported, "identification_codes": []}


def matching(country: str | None, flags: dict[str, bool]) -> list[dict[str, Any]]:
    """Return the banks of a country that have every flag as asked."""
    found = [one for one in ALL if country is None or country.upper() in one["countries"]]
    return [one for one in found if all(one["_flags"].get(name, False) == wanted for name, wanted in flags.items())]
