"""What a broken call proves: that nothing was sent, or only that no answer came."""

import socket
from decimal import Decimal

import pytest
from django.utils import timezone

from payymo.shared import http
from payymo.shared.errors import Retryable, Unknown
from tests.shared import tls_server
from whmcs.clients.whmcs_api import WhmcsHttpApi

HALF = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"


def nothing(connection):
    """End the connection without the end that TLS asks for."""


def garbage(connection):
    """Write under the encryption what no TLS record is."""
    socket.socket.send(connection, b"\x17\x03\x03\x00\x20" + b"x" * 32)


def half(connection):
    connection.sendall(HALF)


def half_then_garbage(connection):
    connection.sendall(HALF)
    garbage(connection)


@pytest.fixture
def certificate(tmp_path):
    return tls_server.certificate(tmp_path)


@pytest.mark.parametrize("act", [nothing, garbage, half, half_then_garbage, tls_server.reset])
def test_a_tls_connection_that_breaks_after_the_request_proves_nothing(certificate, act):
    with (
        tls_server.serving(certificate, act) as (url, bodies),
        pytest.raises(http.AnswerLost),
    ):
        http.send("POST", url, data={"amount": "119.00"}, verify=str(certificate))

    assert bodies == [b"amount=119.00"]


def test_a_server_that_cannot_be_trusted_was_sent_nothing(certificate):
    with tls_server.serving(certificate, nothing) as (url, bodies), pytest.raises(http.NotReached):
        http.send("POST", url, data={"amount": "119.00"})

    assert bodies == []


def test_a_certificate_of_another_host_was_sent_nothing(tmp_path):
    path = tls_server.certificate(tmp_path, name="127.0.0.9")

    with tls_server.serving(path, nothing) as (url, bodies), pytest.raises(http.NotReached):
        http.send("POST", url, data={"amount": "119.00"}, verify=str(path))

    assert bodies == []


def test_a_closed_port_was_sent_nothing():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(http.NotReached):
        http.send("POST", f"https://127.0.0.1:{port}/", data={"amount": "119.00"})


def test_a_payment_whose_secure_connection_breaks_is_unknown_and_a_reading_is_tried_again(
    certificate, settings, monkeypatch
):
    send = http.send
    monkeypatch.setattr(http, "send", lambda *args, **more: send(*args, **more, verify=str(certificate)))
    with tls_server.serving(certificate, garbage) as (url, bodies):
        settings.LOOPBACK_EXCEPTION = url.removeprefix("https://").rstrip("/")
        api = WhmcsHttpApi(base_url=url.rstrip("/"), identifier="id", secret="s")

        with pytest.raises(Unknown):
            api.add_invoice_payment(
                invoice_whmcs_id=7, amount=Decimal(119), transaction_id="PM-1", gateway="banktransfer",
                paid_at=timezone.now(), fees=Decimal(0), sends_email=False,
            )  # fmt: skip
        with pytest.raises(Retryable):
            api.invoice(7)

    assert len(bodies) == 2
