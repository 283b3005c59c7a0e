"""The names that banks give their CSV columns, and the words they fill them with.

Data only: another bank's word is added to a tuple. Names are normalised (see `normalised`): small letters without
accents, words separated by one blank. Earlier names win over later ones.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_SHORT = 60
_UNACCENTED = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


def normalised(name: str) -> str:
    """Return a header or word in small letters, without accents and signs: `Soll/Haben` becomes `soll haben`."""
    return _remembered(name) if len(name) <= _SHORT else _normalised(name)


def _normalised(name: str) -> str:
    plain = name.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain.translate(_UNACCENTED))
        plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(_WORD.findall(plain))


# The words of a column repeat from row to row.
_remembered = lru_cache(maxsize=2048)(_normalised)


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in re.split(r"[|\n]", text))))


DATE_NAMES = {
    "booking_date": _names("""
        booking date|bookingdate|posting date|posted date|post date|date posted|entry date|completed date
        date completed|transaction date|processing date|buchungstag|buchungsdatum|boekdatum|boekingsdatum
        date operation|date d operation|date de l operation|date comptable|date de comptabilisation
        date de transaction|fecha operacion|fecha de operacion|fecha contable|f operacion|f contable
        data operazione|data contabile|data registrazione|data movimento|data do movimento|data mov|data lancamento
        data operacao|data ksiegowania|data operacji|data transakcji|datum zauctovani|datum zauctovania
        datum provedeni|datum transakce|bokforingsdag|bokforingsdatum|transaktionsdag|bogforingsdato|bokforingsdato
        bokfort dato|utfort dato|kirjauspaiva|transactiedatum|konyveles datuma|data tranzactiei|date|datum|buchung
        fecha|data|dato|paivamaara|pvm|started date|belegdatum
    """),
    "value_date": _names("""
        value date|valuedate|valutadatum|wertstellung|wertstellungstag|wertstellungsdatum|valuta|wert
        date de valeur|date valeur|fecha valor|f valor|data valuta|data valor|data waluty|rentedatum|valutadag
        valuteringsdag|valutadato|rentedato|arvopaiva|datum valuty|valor
    """),
}
AMOUNT_NAMES = {
    "amount": _names("""
        amount|transaction amount|betrag|buchungsbetrag|umsatz|bedrag|montant|importe|importo|montante|valor
        kwota|kwota transakcji|kwota operacji|suma|castka|objem|belopp|belob|belop|summa|maara|osszeg|mouvement
        betrag in|umsatz in|amount in
    """),
    "debit": _names("""
        debit|debit amount|debits|soll|belastung|belastungen|debet|debito|dare|cargo|cargos|adeudo|obciazenia
        withdrawal|withdrawals|paid out|money out|out|uitgaven|ausgang|ausgaben|uscite|addebito|addebiti|af|debetas
    """),
    "credit": _names("""
        credit|credit amount|credits|haben|gutschrift|gutschriften|kredit|credito|avere|abono|abonos|uznania
        deposit|deposits|paid in|money in|in|ontvangsten|eingang|einnahmen|entrate|accredito|accrediti|bij|kreditas
    """),
    "balance": _names("""
        balance|running balance|runningbalance|account balance|balance after|balance after transaction|saldo
        saldo nach buchung
        kontostand|solde|saldo na mutatie|saldo na trn|saldo po operacji|zustatek|saldo contable|jaak|likutis
    """),
}
DIRECTION_NAMES = _names("""
    af bij|bij af|soll haben|soll haben kennzeichen|s h|sh|d k|d c|c d|dc|cd|cr dr|dr cr|debit credit|credit debit
    debit credit indicator|credit debit indicator|debit or credit|dare avere|direction|sens|richtung|code debet credit
    debet credit|type|transaction type|typ
""")
CURRENCY_NAMES = _names("""
    currency|ccy|currency code|wahrung|waehrung|buchungswahrung|munt|muntsoort|valuta|devise|monnaie|monn|divisa
    moneda|waluta|mena|moeda|valiuta|transaction currency
""")
OWN_ACCOUNT_NAMES = _names("auftragskonto|iban auftragskonto|iban kontoinhaber|saskaitos nr|own account|account iban")
# May be the account's own number or the other side's; only the values tell.
EITHER_ACCOUNT_NAMES = _names("""
    account|account number|kontonummer|konto|iban|iban bban|rekening|rekeningnummer|compte|numero de compte|cuenta
    conto|rachunek|produit
""")
STATUS_NAMES = _names("status|state|info|umsatzstatus|stav|stato|estado|statut")

TEXT_NAMES = {
    "counterparty_name": _names("""
        counterparty name|counterparty|partner name|payee|payer|beneficiary|recipient|sender|merchant
        name zahlungsbeteiligter|beguenstigter zahlungspflichtiger|begunstigter zahlungspflichtiger
        auftraggeber begunstigter|auftraggeber beguenstigter|auftraggeber empfanger|empfanger auftraggeber|auftraggeber
        zahlungsempfanger|empfanger|naam tegenpartij|naam omschrijving|tegenpartij|nom contrepartie|contrepartie
        beneficiaire|nom|beneficiario|ordenante|nombre|controparte|ordinante|nadawca odbiorca|kontrahent|gavejas
        protistrana|nazev protiuctu|nazev protistrany|mottagare|avsandare|modtager|mottaker|saaja maksaja|saaja
        maksaja|nimi|third party|name|naam
    """),
    "counterparty_iban": _names("""
        counterparty iban|counterparty account|partner iban|counter account|payee account number|kontonummer iban
        iban zahlungsbeteiligter|tegenrekening|tegenrekening iban bban|iban contrepartie|compte contrepartie
        cuenta contrapartida|conto controparte|numer rachunku kontrahenta|rachunek kontrahenta|cislo protiuctu
        protiucet|number
    """),
    "end_to_end_id": _names("""
        kundenreferenz end to end|end to end id|end to end reference|end to end referenz|end to end|endtoend id
        endtoendid|e2e|sepa reference
    """),
    "mandate_id": _names("""
        mandatsreferenz|mandate reference|mandate id|mandate identification|machtigingskenmerk|kenmerk machtiging
        reference mandat|referenz mandat
    """),
    "structured_reference": _names("""
        structured reference|communication structuree|gestructureerde mededeling|qr reference|qr referenz|viitenumero
        kid|creditor reference
    """),
    "bank_reference": _names("""
        transaction id|bank reference|n de transaction|no de transaction|numero de transaction|transactie id
        transaktionsnr|transaktions nr|transaktionsnummer|buchungsreferenz|iraso nr|id transakce|id operace
        numer transakcji|arkistointitunnus|archive id|transaktionsreferenz|id
    """),
}
# Joined in the order of the file when several are there.
REMITTANCE_NAMES = _names("""
    verwendungszweck|remittance information|payment reference|reference|description|transaction description|details
    memo|narrative|particulars|notes|omschrijving|mededelingen|mededeling|libelle|communication|motif|concepto
    observaciones|causale|descrizione|descricao|opis|opis operacji|tytul|paaiskinimai|zprava pro prijemce|poznamka
    meddelande|tekst|text|melding|viesti|selite|kozlemeny|additional description|reason|purpose|zahlungsgrund
    betreff|desc|beschreibung|bemerkung|buchungsdetails|avisierungstext|transaktionsbeschreibung
    transaktionsbeschreibung zusatz|informations|details de la transaction|text fur empfanger|message
""")
NUMBERED_REMITTANCE = re.compile(r"(?:vwz|verwendungszweck|description|omschrijving|libelle|text) ?[0-9]{1,2}")
# The kind of movement; it is the text only where there is no other.
KIND_NAMES = _names("buchungstext|booking text|posting text|mutatiesoort|transaction type|type|typ|umsatzart|operacion")

CREDIT_WORDS = set(_names("c|cr|crdt|credit|h|haben|k|bij|avere|a|gutschrift|eingang|in|kreditas|kredit|credito"))
DEBIT_WORDS = set(_names("d|dr|dbit|debit|s|soll|af|dare|belastung|lastschrift|ausgang|out|debetas|debet|debito"))
BOOKED_WORDS = set(
    _names("""
    booked|completed|posted|settled|gebucht|umsatz gebucht|cleared|executed|done|verbucht|abgeschlossen|comptabilise
    terminado|completado|ejecutado|geboekt|zauctovano|finalizado|book|complete|erledigt
""")
)
PENDING_WORDS = set(
    _names("""
    pending|vorgemerkt|umsatz vorgemerkt|authorized|authorised|reserved|reserviert|ausstehend|offen|en attente
    in behandeling|gereserveerd|pendiente|in sospeso|hold|pdng|uncleared
""")
)
DEAD_WORDS = set(
    _names("""
    declined|failed|reverted|rejected|cancelled|canceled|abgelehnt|storniert|zuruckgewiesen|refuse|annule|geweigerd
    rechazado|cancelado|rifiutato
""")
)

OPENING_ROWS = set(
    _names("""
    opening balance|balance brought forward|start balance|starting balance|anfangssaldo|anfangsbestand|alter saldo
    beginsaldo|solde initial|ancien solde|saldo inicial|saldo iniziale|saldo poczatkowe|likutis pradziai
    pocatecni zustatek|ingaende saldo
""")
)
CLOSING_ROWS = set(
    _names("""
    closing balance|balance carried forward|end balance|ending balance|endsaldo|schlusssaldo|neuer saldo|endbestand
    eindsaldo|solde final|nouveau solde|saldo final|saldo finale|saldo koncowe|likutis pabaigai|konecny zustatek
    utgaende saldo
""")
)
TOTAL_ROWS = set(_names("turnover|apyvarta|umsatzsumme|total debits|total credits"))

KNOWN_CURRENCIES = set(
    re.findall(
        "[A-Z]{3}",
        "EUR USD GBP CHF PLN CZK SEK NOK DKK HUF RON BGN ISK TRY UAH RSD AUD NZD CAD JPY CNY HKD SGD INR ZAR BRL MXN"
        " AED SAR ILS KWD LTL LVL EEK HRK KRW THB IDR MYR PHP",
    )
)
_IN_BRACKETS = re.compile(r"(?i)[\s(\[_/-]+([a-z]{3})[)\]\s]*$")
_GROUPS = (DATE_NAMES, AMOUNT_NAMES, TEXT_NAMES)
_ALL_NAMES = {
    *(name for group in _GROUPS for wanted in group.values() for name in wanted),
    *CURRENCY_NAMES, *OWN_ACCOUNT_NAMES, *EITHER_ACCOUNT_NAMES, *REMITTANCE_NAMES,
    *KIND_NAMES,
}  # fmt: skip


def is_known(cell: str) -> bool:
    """Say whether banks name a column like that."""
    return normalised(cell) in _ALL_NAMES or bare(cell)[0] in _ALL_NAMES


def bare(cell: str) -> tuple[str, str]:
    """Split the currency off a column name: `Amount (EUR)` gives `amount` and `EUR`."""
    found = _IN_BRACKETS.search(cell.strip())
    if found and found[1].upper() in KNOWN_CURRENCIES:
        return normalised(cell.strip()[: found.start()]), found[1].upper()
    return normalised(cell), ""
