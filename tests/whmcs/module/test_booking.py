"""Booking through the addon module in real PHP: once, however often and in parallel it is asked."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from payymo.shared.errors import Refused, Retryable, Unknown
from tests.factories import rows
from tests.whmcs.module.host import Host
from tests.whmcs.module.test_events import pair
from tests.whmcs.site import leave, moves, post
from whmcs.clients import refusals
from whmcs.clients.module_booking import UNUSABLE, ModuleApi
from whmcs.models import AddonModule, Posting, WhmcsInstance
from whmcs.services import connection, module_posting, signing

SECRET = "whsec_" + base64.b64encode(b"0123456789" * 3).decode()
INSTALLATION = "i-1"
State = Posting.State


def code(told):
    return "payymo1." + base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


TOLD = {"url": "https://acme.example", "installation": INSTALLATION, "key": "pmk_x", "secret": SECRET}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("whmcs"), code(TOLD))
    yield host
    host.end()


@pytest.fixture
def host(running, settings):
    settings.LOOPBACK_EXCEPTION = f"127.0.0.1:{running.port}"
    running.pair(code(TOLD))
    for table in ("tblaccounts", "tblinvoices", "mod_payymo_postings", "tbladdonmodules"):
        running.rows(f"DELETE FROM {table}")
    running.rows("INSERT INTO tblinvoices (id, userid, total, status, paymentmethod) VALUES (501, 7, 50, 'Unpaid', '')")
    return running


def api_of(host, *, secret=SECRET, installation=INSTALLATION, on_unusable=None):
    def sign(message_id, body):
        return signing.signed_headers(secret=secret, message_id=message_id, body=body, now=datetime.now(UTC))

    return ModuleApi(
        base_url=host.url, installation=installation, sign=sign, on_unusable=on_unusable or (lambda why: None),
        identifier="i", secret="s",
    )  # fmt: skip


def book(api, **changes):
    api.add_invoice_payment(
        **{
            "invoice_whmcs_id": 501, "amount": Decimal("50.00"), "transaction_id": "PM-1", "gateway": "banktransfer",
            "paid_at": datetime(2026, 11, 18, 12, tzinfo=UTC), "fees": Decimal(0), "sends_email": False, **changes,
        }
    )  # fmt: skip


def test_of_eight_parallel_sends_of_one_payment_one_is_booked(host):
    together, failed = threading.Barrier(8), []

    def send():
        together.wait(60)
        try:
            book(api_of(host))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    assert host.booked("PM-1") == [(501, "50.00")]


def test_the_same_id_with_another_amount_is_refused_and_books_nothing(host):
    book(api_of(host))

    with pytest.raises(Refused):
        book(api_of(host), amount=Decimal("49.00"))

    assert host.booked("PM-1") == [(501, "50.00")]


def test_a_refusal_of_whmcs_keeps_its_reason_and_leaves_no_row(host):
    with pytest.raises(Refused) as refused:
        book(api_of(host), invoice_whmcs_id=999)

    assert refused.value.reason == refusals.INVOICE_NOT_FOUND
    assert host.rows("SELECT * FROM mod_payymo_postings") == []


@pytest.mark.parametrize(
    "wrong", [{"secret": "whsec_" + base64.b64encode(bytes(32)).decode()}, {"installation": "i-2"}]
)
def test_a_shut_door_books_nothing_and_the_next_send_goes_over_the_api(host, wrong):
    why = []
    api = api_of(host, on_unusable=why.append, **wrong)

    with pytest.raises(Retryable) as shut:
        book(api)

    assert (shut.value.reason, len(why), host.booked("PM-1")) == (UNUSABLE, 1, [])
    book(api)
    assert (host.booked("PM-1"), host.rows("SELECT * FROM mod_payymo_postings")) == ([(501, "50.00")], [])


def test_a_host_without_the_modules_file_is_a_shut_door(host):
    api = api_of(host)
    api._door += ".missing"

    with pytest.raises(Retryable) as shut:
        book(api)

    assert shut.value.reason == UNUSABLE


@pytest.fixture
def door(host):
    """Replaces the module's file for one test."""
    file = host.web / "modules" / "addons" / "payymo" / "post.php"
    own = file.read_text()
    yield file.write_text
    file.write_text(own)


SUCCESS = '{"result": "success"}'
BROKEN = '{"payymo": 1, "result": "error", "code": "broken", "message": ""}'


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "<html>"), (200, SUCCESS), (200, ""), (302, ""), (409, "<html>"), (429, ""), (500, BROKEN), (502, "<html>")],
)
def test_an_answer_that_does_not_say_whether_it_was_booked_is_unknown(host, door, status, said):
    door(f"<?php http_response_code({status}); echo '{said}';")

    with pytest.raises(Unknown):
        book(api_of(host))


@pytest.mark.parametrize("status", [401, 403, 405])
def test_a_web_server_that_lets_nobody_in_proves_that_nothing_was_booked(host, door, status):
    door(f"<?php http_response_code({status}); echo 'Forbidden';")

    with pytest.raises(Retryable) as shut:
        book(api_of(host))

    assert shut.value.reason == UNUSABLE


def test_a_booking_whose_answer_was_lost_is_found_and_not_sent_again(posting, host, door):
    door(
        "<?php ob_start(); register_shutdown_function(static function () { while (ob_get_level()) { ob_end_clean(); }"
        " http_response_code(502); echo '<html>'; }); require_once __DIR__ . '/../../../init.php';"
        " WHMCS\\Module\\Addon\\Payymo\\Door::answer('POST', $_SERVER, file_get_contents('php://input'), time());"
    )
    now = datetime.now(UTC)

    post(now=now)
    posting.refresh_from_db()
    assert (posting.state, host.booked(posting.transaction_id)) == (State.UNKNOWN, [(501, "50.00")])

    post(now=now + timedelta(minutes=2))
    posting.refresh_from_db()
    assert moves(posting) == ["QUEUED", "SENDING", "UNKNOWN", "POSTED"]
    assert host.booked(posting.transaction_id) == [(501, "50.00")]


@pytest.fixture
def posting(in_acme, host, owner):
    instance = rows.instance()
    WhmcsInstance.objects.filter(pk=instance.pk).update(base_url=host.url)
    instance.refresh_from_db()
    host.pair(code({**pair(instance, owner, now=datetime.now(UTC)), "url": "http://acme.localhost"}))
    AddonModule.objects.update(books_payments=True, last_seen_at=datetime.now(UTC))
    debt = rows.invoice("", "50.00", of=rows.client(whmcs_id=7), whmcs_id=501)
    return leave(debt, "50.00", gateway="banktransfer")


def test_a_posting_goes_through_the_paired_module_and_is_read_back(posting, host):
    post(now=datetime.now(UTC))

    posting.refresh_from_db()
    assert moves(posting) == ["QUEUED", "SENDING", "POSTED"]
    assert host.booked(posting.transaction_id) == [(501, "50.00")]
    assert host.rows("SELECT transaction_id FROM mod_payymo_postings") == [(posting.transaction_id,)]


def test_a_module_that_may_not_book_is_left_alone_for_an_hour_and_the_api_books(posting, host):
    host.option("no_booking", is_on=True)
    now = datetime.now(UTC)

    post(now=now)
    posting.refresh_from_db()
    assert (posting.state, host.booked(posting.transaction_id)) == (State.RETRYABLE, [])
    assert module_posting.booking_module(posting.instance, now=now + timedelta(minutes=59)) is None
    assert module_posting.booking_module(posting.instance, now=now + timedelta(minutes=61)) is not None

    post(now=now + timedelta(minutes=2))
    posting.refresh_from_db()
    assert posting.state == State.POSTED
    assert host.booked(posting.transaction_id) == [(501, "50.00")]
    assert host.rows("SELECT * FROM mod_payymo_postings") == []


@pytest.mark.parametrize(
    "state", [{"books_payments": False}, {"last_seen_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"last_seen_at": None}]
)
def test_a_module_that_does_not_offer_it_or_fell_silent_books_nothing(posting, state):
    AddonModule.objects.update(**state)

    assert not isinstance(connection.api_for(posting.instance), ModuleApi)
