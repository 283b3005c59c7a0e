"""What is proposed for a CSV file, and what stays open for a person."""

import pytest

from banking.parsers import csv_file
from banking.parsers.csv_detection import CsvDetection, detect
from banking.parsers.errors import UnreadableStatement


def found(*lines: str) -> CsvDetection:
    return detect("\n".join(lines).encode())


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiter_is_found(delimiter):
    header, row = ["Booking date", "Text", "Amount", "Currency"], ["31/01/2026", "INV-1042", "12.50", "EUR"]

    mapping = found(delimiter.join(header), delimiter.join(row)).mapping

    assert (mapping.delimiter, mapping.booking_date, mapping.amount, mapping.currency) == (delimiter, 0, 2, 3)
    assert mapping.remittance_information == (1,)


@pytest.mark.parametrize(
    ("header", "day"),
    [
        ("Buchungstag;Wertstellung;Auftraggeber/Empfänger;IBAN;Verwendungszweck;Betrag (EUR)", "31.01.2026"),
        ("Datum;Valuta;Naam tegenpartij;Tegenrekening;Omschrijving;Bedrag (EUR)", "31-01-2026"),
        ("Date opération;Date valeur;Bénéficiaire;IBAN contrepartie;Libellé;Montant (EUR)", "31/01/2026"),
        ("Fecha operación;Fecha valor;Beneficiario;Cuenta contrapartida;Concepto;Importe (EUR)", "31/01/2026"),
        ("Data operazione;Data valuta;Controparte;Conto controparte;Causale;Importo (EUR)", "31/01/2026"),
        ("Data operacji;Data waluty;Kontrahent;Rachunek kontrahenta;Tytuł;Kwota (EUR)", "2026-01-31"),
        ("Bokföringsdag;Valutadag;Mottagare;Number;Meddelande;Belopp (EUR)", "2026-01-31"),
    ],
)
def test_columns_are_found_in_many_languages(header, day):
    detection = found(
        header,
        f"{day};{day};Ann;DE89370400440532013000;INV-1042;1,00",
        f"{day};{day};Bob;DE02120300000000202051;INV-1043;2,00",
    )

    mapping = detection.mapping
    assert (mapping.booking_date, mapping.value_date, mapping.counterparty_name, mapping.amount) == (0, 1, 2, 5)
    assert (mapping.counterparty_iban, mapping.remittance_information) == (3, (4,))
    assert (mapping.fixed_currency, mapping.decimal_sign) == ("EUR", ",")
    assert detection.open_points == ()


def test_lines_above_the_header_are_passed_over_and_tell_account_and_currency():
    detection = found(
        "Umsatzanzeige;Datei erstellt am 02.02.2026",
        "IBAN;DE89 3704 0044 0532 0130 00",
        "Saldo;1.234,00;EUR",
        "",
        "Buchung;Wertstellungsdatum;Auftraggeber/Empfänger;Verwendungszweck;Betrag",
        "31.01.2026;31.01.2026;Ann;INV-1042;-1.234,56",
    )

    mapping = detection.mapping
    assert (mapping.header_row, mapping.fixed_account, mapping.fixed_currency) == (4, "DE89370400440532013000", "EUR")
    assert detection.rows[0] == ("Umsatzanzeige", "Datei erstellt am 02.02.2026")
    assert detection.open_points == ()


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["05/03/2026", "13/03/2026"], "dmy"),
        (["05/03/2026", "03/13/2026"], "mdy"),
        (["2026-03-05", "2026-03-06"], "ymd"),
        (["05.03.2026", "06.03.2026"], "dmy"),
        (["5-Mar-2026", "6-Mar-2026"], "dmy"),
        (["20260305", "20260306"], "ymd"),
        (["05/03/2026", "06/04/2026"], ""),
        (["03/13/2026 10:15", "03/14/2026 11:00 PM"], "mdy"),
    ],
)
def test_order_of_day_and_month_is_found_or_asked(dates, order):
    detection = found("Date,Description,Amount,Currency", *[f"{written},x,1.00,EUR" for written in dates])

    assert detection.mapping.date_order == order
    assert [point.setting for point in detection.open_points] == ([] if order else ["date_order"])


@pytest.mark.parametrize(
    ("amounts", "sign"),
    [
        (["1,00"], ","),
        (["1.00"], "."),
        (["1.234,56"], ","),
        (["1,234.56"], "."),
        (["1.234", "5,5"], ","),
        (["1.234.567"], ","),
        (["12", "5"], "."),
        (["1.234"], ""),
        (["1,00", "1.00"], ""),
    ],
)
def test_decimal_sign_is_found_or_asked(amounts, sign):
    detection = found("Datum;Text;Betrag;Währung", *[f"31.01.2026;x;{amount};EUR" for amount in amounts])

    assert detection.mapping.decimal_sign == sign
    assert [point.setting for point in detection.open_points] == ([] if sign else ["decimal_sign"])


def test_missing_currency_is_asked():
    detection = found("Date,Description,Amount", "2026-01-31,x,1.00")

    assert [point.setting for point in detection.open_points] == ["fixed_currency"]


@pytest.mark.parametrize(
    ("amount", "currency"), [("12.00 €", "EUR"), ("£12.00", "GBP"), ("CHF 12.00", "CHF"), ("$12.00", "")]
)
def test_currency_beside_the_amounts_is_taken(amount, currency):
    assert found("Date,Description,Amount", f"2026-01-31,x,{amount}").mapping.fixed_currency == currency


def test_valuta_is_a_date_in_german_and_a_currency_in_dutch():
    german = found("Buchungstag;Valuta;Betrag", "31.01.2026;30.01.2026;1,00").mapping
    dutch = found("Datum;Valuta;Bedrag", "31-01-2026;EUR;1,00").mapping

    assert (german.value_date, german.currency) == (1, None)
    assert (dutch.value_date, dutch.currency) == (None, 1)


def test_kind_of_movement_as_indicator_is_known_by_its_values():
    card = found(
        "Date,Description,Amount,Transaction Type,Currency", "1/31/26,x,1.00,debit,USD", "1/30/26,y,2.00,credit,USD"
    )
    other = found("Date,Description,Amount,Type,Currency", "1/31/26,x,1.00,Transfer,USD")

    assert (card.mapping.direction, other.mapping.direction) == (3, None)


def test_amount_column_is_known_by_its_name_when_its_values_are_wrong():
    source = b"Date;Text;Amount;Currency\n2026-01-31;x;abc;EUR"

    with pytest.raises(UnreadableStatement, match="Line 2: The amount 'abc' cannot be read"):
        csv_file.parse(source, detect(source).mapping)


def test_unknown_columns_are_shown_and_asked():
    detection = found("alpha;beta;gamma", "1;2;3")

    assert detection.rows == (("alpha", "beta", "gamma"), ("1", "2", "3"))
    assert [point.setting for point in detection.open_points] == ["booking_date", "amount", "fixed_currency"]


def test_no_more_than_twenty_rows_are_shown():
    assert len(found("Date;Amount", *["2026-01-31;1.00"] * 50).rows) == 20


@pytest.mark.parametrize("text", ["just a sentence", "one\ntwo\nthree"])
def test_text_that_is_no_table_is_refused(text):
    with pytest.raises(UnreadableStatement, match="no bank statement"):
        found(text)
