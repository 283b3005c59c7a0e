"""Reading what WHMCS may answer, and what a lost answer means: against real HTTP, and against single values."""

import json
import threading
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payymo.shared.errors import Refused, Retryable, Unknown
from whmcs.clients import reading, refusals, values
from whmcs.clients.values import UnreadableValue
from whmcs.clients.whmcs_api import WhmcsHttpApi


class Answering:
    """A server that gives one answer to everything and keeps what it was sent."""

    def __init__(self) -> None:
        self.status, self.body, self.sent = 200, b"{}", []
        answering = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answering.sent.append(
                    {name: found[0] for name, found in parse_qs(body, keep_blank_values=True).items()}
                )
                if answering.status == 0:
                    self.close_connection = True
                    return
                self.send_response(answering.status)
                self.end_headers()
                self.wfile.write(answering.body)

            def log_message(self, *args):
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def gives(self, body, status: int = 200) -> None:
        self.status, self.body = status, body if isinstance(body, bytes) else json.dumps(body).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(60)


@pytest.fixture
def whmcs(settings):
    server = Answering()
    settings.LOOPBACK_EXCEPTION = f"127.0.0.1:{server.server.server_port}"
    yield server
    server.close()


@pytest.fixture
def api(whmcs):
    port = whmcs.server.server_port
    return WhmcsHttpApi(base_url=f"http://127.0.0.1:{port}/billing/", identifier="id", secret="very secret")


def pay(api, **more):
    given = {
        "invoice_whmcs_id": 7,
        "amount": Decimal("1190.5"),
        "transaction_id": "PM-1",
        "gateway": "banktransfer",
        "paid_at": datetime(2026, 2, 27, 8, 30, tzinfo=UTC),
        "fees": Decimal(0),
        "sends_email": True,
        **more,
    }
    return api.add_invoice_payment(**given)


def test_a_payment_is_sent_with_plain_values_and_credentials_in_the_body(api, whmcs):
    whmcs.gives({"result": "success"})

    pay(api, fees=Decimal("0.350"), sends_email=False)

    assert whmcs.sent == [
        {
            "action": "AddInvoicePayment",
            "identifier": "id",
            "secret": "very secret",
            "responsetype": "json",
            "invoiceid": "7",
            "transid": "PM-1",
            "gateway": "banktransfer",
            "date": "2026-02-27 08:30:00",
            "amount": "1190.50",
            "fees": "0.35",
            "noemail": "1",
        }
    ]


def test_mails_are_left_to_whmcs_by_leaving_the_switch_out(api, whmcs):
    whmcs.gives({"result": "success"})

    pay(api)

    assert {"noemail", "fees"} & set(whmcs.sent[0]) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Decimal(0)},
        {"amount": Decimal("-1")},
        {"transaction_id": ""},
        {"transaction_id": "x" * 65},
        {"gateway": ""},
        {"invoice_whmcs_id": 0},
    ],
)
def test_a_payment_without_its_values_never_leaves(api, whmcs, wrong):
    with pytest.raises(ValueError, match="a payment needs"):
        pay(api, **wrong)

    assert whmcs.sent == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>maintenance</html>", 200),
        (b"<html>bad gateway</html>", 502),
        (b"", 200),
        (b"[]", 200),
        (b"{", 200),
        (b"\xff\xfe\xff", 200),
        (b'{"amount": NaN}', 200),
        (b"[" * 100_000, 200),
        ({"result": "success"}, 500),
        ({"result": "perhaps"}, 200),
        ({"status": "Paid"}, 200),
        ({}, 200),
        (b"", 0),
    ],
)
def test_an_answer_that_proves_nothing_is_unknown_for_a_write_and_retryable_for_a_read(api, whmcs, body, status):
    whmcs.gives(body, status)

    with pytest.raises(Unknown):
        pay(api)
    with pytest.raises(Retryable):
        api.invoice(7)


def test_a_dead_server_was_sent_nothing(settings):
    settings.LOOPBACK_EXCEPTION = "127.0.0.1:1"
    dead = WhmcsHttpApi(base_url="http://127.0.0.1:1", identifier="id", secret="s")

    with pytest.raises(Retryable):
        pay(dead)


def test_an_address_inside_the_network_is_not_called(settings):
    settings.LOOPBACK_EXCEPTION = ""
    inside = WhmcsHttpApi(base_url="https://127.0.0.1", identifier="id", secret="s")

    with pytest.raises(Refused) as refused:
        inside.details()

    assert refused.value.reason == "address_refused"


@pytest.mark.parametrize(
    ("message", "status", "reason"),
    [
        ("Invoice ID Not Found", 200, "invoice_not_found"),
        ("It is not possible to add a payment to an invoice that is Cancelled", 200, "invoice_cancelled"),
        ("Client Not Found", 200, "client_not_found"),
        ("Authentication Failed", 403, "access_refused"),
        ("Invalid or missing credentials", 403, "access_refused"),
        ("Something new", 403, "access_refused"),
        ("Invalid IP 203.0.113.7", 400, "ip_not_allowed"),
        ("Forbidden IP 2001:db8::7", 403, "ip_not_allowed"),
        ("API Function Not Found", 200, "action_unknown"),
        ("Whatever else", 200, "refused"),
    ],
)
def test_an_error_text_becomes_a_reason(api, whmcs, message, status, reason):
    whmcs.gives({"result": "error", "message": message}, status)

    for call in (lambda: pay(api), lambda: api.invoice(7)):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.reason == reason


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7"])
def test_the_address_to_allow_is_named(address):
    error = refusals.refusal("GetInvoices", 403, f"Invalid IP {address}")

    assert f"Add {address} in WHMCS" in str(error)


def test_an_error_told_as_status_is_an_error(api, whmcs):
    whmcs.gives({"status": "error", "message": "Invoice ID Not Found"})

    with pytest.raises(Refused):
        api.invoice(7)


def test_no_secret_is_in_a_message_or_the_name_of_the_client(api, whmcs):
    whmcs.gives(b"<html>", 500)

    with pytest.raises(Retryable) as failed:
        api.details()

    assert "very secret" not in f"{failed.value} {api!r}"


INVOICE = {
    "result": "success",
    "invoiceid": "7",
    "invoicenum": "RE-1",
    "userid": 3,
    "date": "2026-02-01",
    "duedate": "0000-00-00",
    "datepaid": "0000-00-00 00:00:00",
    "total": "119.00",
    "credit": "0.00",
    "balance": 119.0,
    "status": "Unpaid",
    "paymentmethod": "banktransfer",
    "items": {"item": [{"id": 1, "type": "Hosting", "relid": "4", "description": "A &amp;amp; B", "amount": "119.00"}]},
    "transactions": "",
    "something new": True,
}


def test_strings_numbers_zero_dates_and_empty_lists_are_read(api, whmcs):
    whmcs.gives(INVOICE)

    found = api.invoice(7)

    assert (found.whmcs_id, found.client_whmcs_id, found.balance) == (7, 3, Decimal("119"))
    assert (found.due_date, found.paid_at, found.transactions) == (None, None, ())
    # Encoded twice at the source: decoded once, as it was typed.
    assert (found.lines[0].description, found.lines[0].related_id) == ("A &amp; B", 4)


@pytest.mark.parametrize(
    "change",
    [
        {"balance": "abc"},
        {"balance": ""},
        {"balance": None},
        {"balance": "1,190.00"},
        {"balance": True},
        {"balance": "119.0001"},
        {"invoiceid": "seven"},
        {"invoiceid": 8},
        {"status": ""},
        {"duedate": "31.12.2026"},
        {"items": "nothing"},
        {"items": {"item": ["text"]}},
        {"transactions": {"transaction": [{"id": "1", "amountin": "x"}]}},
    ],
)
def test_an_invoice_that_cannot_be_read_is_an_error_and_no_guess(api, whmcs, change):
    whmcs.gives({**INVOICE, **change})

    with pytest.raises(Retryable):
        api.invoice(7)


TRANSACTION = {
    "id": "10", "userid": "1", "currency": "0", "gateway": "stripe", "date": "2026-01-01 06:41:11", "amountin": "45.90",
    "fees": "0.00", "amountout": "0.00", "rate": "1.00000", "transid": "ch_1", "invoiceid": "59", "refundid": "0",
}  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        {"transactions": {"transaction": [TRANSACTION]}},
        {"transactions": {"transaction": TRANSACTION}},
        {"transactions": {"transaction": {"0": TRANSACTION}}},
        {"transactions": [TRANSACTION]},
        {f"transactions[transaction][0][{name}]": value for name, value in TRANSACTION.items()},
    ],
)
def test_a_list_is_read_in_each_of_its_shapes(answer):
    found = reading.page(answer, "transactions", "transaction", reading.transaction)

    [row] = found.rows
    assert (row.whmcs_id, row.invoice_whmcs_id, row.amount_in, row.transaction_id) == (10, 59, Decimal("45.9"), "ch_1")


@pytest.mark.parametrize("empty", ["", None, [], {}, {"transaction": ""}, {"transaction": []}])
def test_an_empty_list_is_empty_in_each_of_its_shapes(empty):
    found = reading.page({"transactions": empty}, "transactions", "transaction", reading.transaction)

    assert (found.rows, found.received) == ((), 0)


def test_one_unreadable_row_is_named_and_does_not_stop_the_others():
    broken = {**TRANSACTION, "id": "11", "amountin": "abc"}

    found = reading.page(
        {"totalresults": "2", "transactions": {"transaction": [broken, TRANSACTION]}},
        "transactions", "transaction", reading.transaction,
    )  # fmt: skip

    assert ([row.whmcs_id for row in found.rows], found.received, found.total) == ([10], 2, 2)
    assert found.unreadable == ("transaction 11: amountin is not a number",)


def test_transactions_are_never_asked_for_without_a_filter(api, whmcs):
    with pytest.raises(ValueError, match="exactly one"):
        api.transactions()

    assert whmcs.sent == []


def test_a_credential_in_form_data_keeps_its_characters(api, whmcs, settings):
    whmcs.gives({"result": "success", "whmcs": {"version": "8.13.1"}})
    odd = WhmcsHttpApi(
        base_url=f"http://{settings.LOOPBACK_EXCEPTION}", identifier="a&b=c", secret="ü+ %", access_key="!@#$%.()*[]-_"
    )

    assert odd.details().version == "8.13.1"
    assert [whmcs.sent[0][name] for name in ("identifier", "secret", "accesskey")] == ["a&b=c", "ü+ %", "!@#$%.()*[]-_"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*INVOICE, *TRANSACTION], json_values)))
def test_any_row_is_read_or_refused(row):
    for read in (reading.invoice, reading.summary, reading.client, reading.transaction, reading.currency):
        try:
            read(row)
        except UnreadableValue:
            continue


@given(st.decimals(min_value=Decimal("0.001"), max_value=Decimal("999999999.999"), places=3))
def test_an_amount_survives_being_written_and_read(amount):
    from whmcs.clients.whmcs_api import _plain

    assert values.money({"amount": _plain(amount)}, "amount") == amount
