"""Each claim about calls that go out: to which address, for how long, how much, how often. Over real sockets."""

import contextlib
import gzip
import itertools
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payymo.shared import addresses, http
from tests.shared import tls_server

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

NOT_PUBLIC = {
    "loopback": ["127.0.0.1", "127.8.9.1", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "192.168.1.1"],
    "link_local": ["169.254.169.254", "fe80::1"],
    "shared": ["100.64.0.1", "100.127.255.254"],
    "unique_local": ["fc00::1", "fd12:3456::1"],
    "site_local": ["fec0::1"],
    "multicast": ["224.0.0.1", "239.1.1.1", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "0.0.0.0", "::", "192.0.0.8"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmark": ["198.18.0.1"],
    "ipv4_mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"],
    "ipv4_compatible": ["::127.0.0.1", "::8.8.8.8"],
    "nat64": ["64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1"],
    "six_to_four": ["2002:7f00:1::", "2002:a00:1::1", "192.88.99.1"],
    "teredo": ["2001:0:1::1"],
    "segment_routing": ["5f00::1"],
}


@pytest.fixture
def resolves(monkeypatch):
    """Let every name lead to the given addresses, and count how often it was asked."""
    asked = []

    def answer(*addresses_):
        def found(host, port, **_):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses_]

        monkeypatch.setattr(socket, "getaddrinfo", found)
        return asked

    return answer


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, address) for kind, listed in NOT_PUBLIC.items() for address in listed]
)
def test_an_address_of_each_class_that_is_not_public_is_refused(resolves, kind, address):
    resolves(address)

    with pytest.raises(http.AddressRefused, match="not on the public internet"):
        addresses.check_customer_url("https://billing.example/")


def test_one_private_address_among_public_ones_refuses_the_name(resolves):
    resolves("8.8.8.8", "10.0.0.1", "2606:4700::1111")

    with pytest.raises(http.AddressRefused):
        addresses.check_customer_url("https://billing.example/")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "151.101.1.69"])
def test_a_public_address_is_taken(resolves, address):
    resolves(address)

    assert addresses.check_customer_url("https://billing.example/") == ("billing.example", 443, address)


@given(st.ip_addresses(v=4))
def test_what_an_ipv6_address_wraps_is_never_reached_through_it(inner):
    number = int(inner)
    wrapped = (
        f"::ffff:{inner}", f"::{inner}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
    )  # fmt: skip

    assert not any(addresses.is_public(text) for text in wrapped)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://billing.example/", "must begin with https"),
        ("ftp://billing.example/", "must begin with https"),
        ("https://user:secret@billing.example/", "user name or password"),
        ("https://billing.example:8080/", "ports 443 and 8443"),
        ("https://billing.example:22/", "ports 443 and 8443"),
        ("https://billing.example:port/", "not a number"),
        ("https://[::1]/", "not on the public internet"),
        ("https://2130706433/", "not on the public internet"),
        ("https://127.1/", "not on the public internet"),
    ],
)
def test_a_url_of_another_form_is_refused_without_repeating_its_secret(url, sentence):
    with pytest.raises(http.AddressRefused, match=sentence) as refused:
        addresses.check_customer_url(url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["", "no-such-host.invalid", "x" * 300, "a..b"])
def test_a_name_that_does_not_resolve_was_sent_nothing(host):
    with pytest.raises(http.NotReached):
        http.send("GET", f"https://{host}/", customer_url=True)


@pytest.fixture
def certificate(tmp_path):
    return tls_server.certificate(tmp_path)


@contextmanager
def answering(certificate, *answers):
    """Serve each answer to one request, the last one again and again."""
    left = itertools.chain(answers, itertools.repeat(answers[-1]))
    with tls_server.serving(certificate, lambda connection: connection.sendall(next(left))) as served:
        yield served


def test_the_call_goes_to_the_checked_address_and_the_name_is_not_looked_up_again(certificate, monkeypatch, tmp_path):
    """The name leads to a public address when it is checked, and to this machine should anybody ask again."""
    connected, real = [], socket.socket.connect

    def connect(self, address):
        connected.append(address[0])
        raise ConnectionRefusedError

    def resolve(host, port, *args, **kwargs):
        asked.append(host)
        found = "93.184.216.34" if len(asked) == 1 or host == "93.184.216.34" else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)

    with pytest.raises(http.NotReached):
        http.send("GET", "https://rebinding.example/", customer_url=True)

    assert real is not connect
    assert (connected, asked.count("rebinding.example")) == (["93.184.216.34"], 1)


def test_the_certificate_must_be_of_the_name_although_an_address_is_called(tmp_path, monkeypatch):
    path = tls_server.certificate(tmp_path)
    with answering(path, OK) as (url, bodies):
        port = int(url.rsplit(":", 1)[1].rstrip("/"))
        monkeypatch.setattr(
            "payymo.shared.http.check_customer_url", lambda asked: ("billing.example", port, "127.0.0.1")
        )
        with pytest.raises(http.NotReached, match="not trusted"):
            http.send("GET", f"https://billing.example:{port}/", customer_url=True, verify=str(path))

    assert bodies == []


def test_a_redirection_is_answered_and_not_followed(certificate):
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    with answering(certificate, moved) as (url, bodies):
        answer = http.send("GET", url, verify=str(certificate))

    assert (answer.status, len(bodies)) == (302, 1)


def test_a_server_that_speaks_only_an_old_tls_is_not_spoken_to(certificate):
    adapter = http._Adapter(time.monotonic() + 5)
    context = adapter.poolmanager.connection_pool_kw["ssl_context"]

    assert context.minimum_version.name == "TLSv1_2"
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"


def test_a_proxy_of_the_environment_is_not_used(certificate, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    with answering(certificate, OK) as (url, _):
        assert http.send("GET", url, verify=str(certificate)).status == 200


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_above_ten_mebibytes_is_not_taken_packed_or_not(certificate, packed):
    body = b"0" * (http.LARGEST_ANSWER + 1)
    head = b"HTTP/1.1 200 OK\r\n"
    if packed:
        body, head = gzip.compress(body), head + b"Content-Encoding: gzip\r\n"
    with (
        answering(certificate, head + b"Content-Length: %d\r\n\r\n" % len(body) + body) as (url, _),
        pytest.raises(http.AnswerLost, match="larger than 10 MiB"),
    ):
        http.send("GET", url, verify=str(certificate))


def dripping(part):
    """Answer with one byte every twentieth of a second; whole only after a minute and more."""
    stop, drops = threading.Event(), 1500

    def act(connection):
        with contextlib.suppress(OSError):
            if part == "body":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % drops)
            elif part == "head":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ")
            for _ in range(drops):
                if stop.wait(0.05):
                    return
                connection.sendall(b"x")
            connection.sendall(b"\r\n\r\n")

    return act, stop


@pytest.mark.parametrize("part", ["body", "head"])
def test_a_server_that_drips_its_answer_is_left_after_the_whole_calls_time(certificate, monkeypatch, part):
    monkeypatch.setattr(http, "WHOLE_CALL_SECONDS", 0.5)
    act, stop = dripping(part)
    with tls_server.serving(certificate, act) as (url, _):
        # Each byte comes in time, and all of them would be an answer.
        with pytest.raises(http.AnswerLost):
            http.send("GET", url, verify=str(certificate))
        stop.set()


def test_a_server_that_says_nothing_is_left_after_the_time_to_read(certificate):
    silent = threading.Event()
    with tls_server.serving(certificate, lambda connection: silent.wait(60)) as (url, _):
        with pytest.raises(http.AnswerLost):
            http.send("GET", url, read_seconds=0.2, verify=str(certificate))
        silent.set()


def test_what_an_answer_holds_is_not_in_its_representation():
    assert "token" not in repr(http.Answer(200, b'{"access": "token"}', {"Set-Cookie": "token"}))


def busy(after=b""):
    return b"HTTP/1.1 503 Busy\r\n" + after + b"Content-Length: 0\r\n\r\n"


class TestRepeating:
    @pytest.fixture(autouse=True)
    def five(self, settings):
        settings.READ_TRIES = 5

    def test_a_reading_is_tried_five_times(self, certificate):
        pauses = []
        with answering(certificate, busy()) as (url, bodies):
            answer = http.send("GET", url, may_repeat=True, pause=pauses.append, verify=str(certificate))

        assert (answer.status, len(bodies), len(pauses)) == (503, 5, 4)
        assert all(0 <= wait <= limit for wait, limit in zip(pauses, (1, 2, 4, 8), strict=True))

    def test_a_reading_that_is_answered_ends_there(self, certificate):
        with answering(certificate, busy(), busy(), OK) as (url, bodies):
            answer = http.send("GET", url, may_repeat=True, pause=lambda _: None, verify=str(certificate))

        assert (answer.status, len(bodies)) == (200, 3)

    def test_a_lost_answer_of_a_reading_is_asked_for_again(self, certificate):
        with answering(certificate, b"", OK) as (url, bodies):
            answer = http.send("GET", url, may_repeat=True, pause=lambda _: None, verify=str(certificate))

        assert (answer.status, len(bodies)) == (200, 2)

    @pytest.mark.parametrize("answer", [busy(), b""])
    def test_a_writing_is_sent_once_whatever_comes_back(self, certificate, answer):
        with answering(certificate, answer) as (url, bodies), contextlib.suppress(http.AnswerLost):
            http.send("POST", url, data={"amount": "1"}, verify=str(certificate))

        assert bodies == [b"amount=1"]

    def test_the_jitter_is_full(self, monkeypatch):
        limits = []
        monkeypatch.setattr(http.random, "uniform", lambda low, high: limits.append((low, high)) or high)

        assert [http._pause_before(tried, None) for tried in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
        assert {low for low, _ in limits} == {0}

    def test_a_short_retry_after_is_waited_for_and_a_long_one_is_left_to_the_caller(self, certificate):
        pauses = []
        with answering(certificate, busy(b"Retry-After: 7\r\n"), OK) as (url, bodies):
            http.send("GET", url, may_repeat=True, pause=pauses.append, verify=str(certificate))
        assert (pauses, len(bodies)) == ([7.0], 2)

        with answering(certificate, busy(b"Retry-After: 3600\r\n")) as (url, bodies):
            answer = http.send("GET", url, may_repeat=True, pause=pauses.append, verify=str(certificate))
        assert (answer.retry_after(), len(bodies), len(pauses)) == (3600.0, 1, 1)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0", 0), ("120", 120), ("86400", 86_400), ("86401", 86_400), ("9" * 30, 86_400), ("", None), ("soon", None),
     ("-5", None), ("١٢", None)],
)  # fmt: skip
def test_retry_after_is_believed_up_to_a_day(written, seconds):
    assert http.Answer(429, b"", {"Retry-After": written}).retry_after() == seconds


def test_retry_after_may_be_a_date(time_machine):
    now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    soon, later = now + timedelta(minutes=5), now + timedelta(days=9)
    time_machine.move_to(now, tick=False)

    assert http.Answer(503, b"", {"Retry-After": format_datetime(soon)}).retry_after() == 300
    assert http.Answer(503, b"", {"Retry-After": format_datetime(later)}).retry_after() == 86_400
    assert http.Answer(503, b"", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}).retry_after() == 0
