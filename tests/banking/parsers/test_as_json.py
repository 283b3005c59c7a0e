"""The dry-run form that scripts rely on."""

from banking.parsers.as_json import as_json
from banking.parsers.recognise import read

SOURCE = b""":20:A
:25:DE89370400440532013000
:28C:7/1
:60F:C260301EUR100,
:61:2603020302C19,00NTRFNONREF//B1
:86:166?20EREF+E-1?21SVWZ+INV-1042?31FR1420041010050500013M02606?32Ann Payer
:61:2603020302CabcNTRFNONREF
:62F:C260302EUR119,
-"""


def test_statement_has_exactly_the_promised_keys():
    assert as_json(read(SOURCE)) == [
        {
            "format": "mt940",
            "account": {"iban": "DE89370400440532013000", "currency": "EUR"},
            "opening": "100.00",
            "closing": "119.00",
            "proved": True,
            "entries": [
                {
                    "status": "booked",
                    "booking_date": "2026-03-02",
                    "value_date": "2026-03-02",
                    "amount": "19.00",
                    "currency": "EUR",
                    "counterparty_name": "Ann Payer",
                    "counterparty_iban": "FR1420041010050500013M02606",
                    "remittance_information": "INV-1042",
                    "end_to_end_id": "E-1",
                    "bank_reference": "B1",
                }
            ],
            "refused": [{"line": 7, "reason": "The amount 'abc' cannot be read."}],
        }
    ]


def test_what_a_file_does_not_tell_is_null_or_empty():
    [statement] = as_json(read(b"Date;Text;Amount;Currency\n2026-01-31;x;-1.00;EUR\n"))

    assert (statement["opening"], statement["closing"], statement["proved"]) == (None, None, None)
    assert statement["account"] == {"iban": "", "currency": "EUR"}
    assert (statement["entries"][0]["amount"], statement["entries"][0]["value_date"]) == ("-1.00", None)
