"""Connecting, testing, changing and removing an installation."""

from datetime import UTC, datetime, timedelta

import pytest

from payymo.sandbox import world
from payymo.shared.errors import Conflict
from tenants import context
from tests.whmcs.site import NOW, Site, leave, post
from whmcs.models import WhmcsInstance
from whmcs.services import connection
from whmcs.services.connection import (
    AlreadyConnected,
    ConnectionFailed,
    PostingsOpen,
    UnknownGateway,
    UnusableAddress,
    UnusableCredential,
    normal_url,
)

KEYS = world.WHMCS["acme"]


def connect(site, **more):
    given = {"name": "", "base_url": site.url, "identifier": KEYS.identifier, "secret": KEYS.secret, "now": NOW, **more}
    return connection.connect_instance(**given)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://billing.host.example", "https://billing.host.example"),
        (" https://Billing.Host.example/ ", "https://billing.host.example"),
        ("https://host.example/whmcs//", "https://host.example/whmcs"),
        ("https://host.example/whmcs/includes/api.php", "https://host.example/whmcs"),
        ("https://host.example//includes//api.php?x=1#y", "https://host.example"),
        ("https://host.example/billing/admin/index.php", "https://host.example/billing"),
        ("https://host.example:8443/Billing", "https://host.example:8443/Billing"),
    ],
)
def test_an_address_is_kept_in_one_form(typed, kept):
    assert normal_url(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "host.example", "ftp://host.example", "https://", "https://me:pw@host.example", "javascript:alert(1)"]
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(UnusableAddress):
        normal_url(typed)


def test_a_connection_keeps_what_the_test_found_and_seals_the_secret(in_acme, site):
    found = connect(site, name="Main")

    row = WhmcsInstance.objects.get(pk=found.pk)
    assert (row.name, row.state, row.version, row.default_currency) == ("Main", "ACTIVE", "8.13.1", "EUR")
    assert (row.bank_gateway, row.stripe_gateway, row.secret_last4) == ("banktransfer", "stripe", KEYS.secret[-4:])
    stored = bytes(row.secret_sealed) + bytes(row.identifier_sealed)
    assert KEYS.secret.encode() not in stored
    assert KEYS.identifier.encode() not in stored
    assert connection.api_for(row).details().version == "8.13.1"


def test_the_time_zone_of_the_installation_is_learned(in_acme, site):
    found = connect(site, now=datetime.now(UTC))

    assert found.clock_offset_seconds in (3600, 7200)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"secret": ""}, UnusableCredential),
        ({"identifier": "  "}, UnusableCredential),
        ({"secret": "x" * 300}, UnusableCredential),
        ({"secret": "wrong"}, ConnectionFailed),
        ({"bank_gateway": "nosuch"}, UnknownGateway),
        ({"base_url": "nonsense"}, UnusableAddress),
    ],
)
def test_what_does_not_work_is_not_stored(in_acme, site, change, error):
    with pytest.raises(error):
        connect(site, **change)

    assert WhmcsInstance.objects.count() == 0


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("forbidden_ip", "ip_not_allowed", "Add 127.0.0.1 in WHMCS under General Settings"),
        ("auth_failed", "access_refused", "Check the API credential"),
        ("html", "unreadable_answer", "it may be under maintenance"),
        ("server_error", "unreadable_answer", "status 500"),
        ("cut", "no_answer", "did not answer"),
    ],
)
def test_a_failed_test_names_the_call_and_what_to_do(in_acme, site, fault, code, words):
    site.fault(fault)

    with pytest.raises(ConnectionFailed) as failed:
        connect(site)

    assert failed.value.code == code
    assert "WhmcsDetails" in str(failed.value)
    assert words in str(failed.value)
    assert WhmcsInstance.objects.count() == 0


def test_a_call_that_the_role_does_not_allow_is_named(in_acme, site):
    site.fault("auth_failed", only="GetTransactions")

    with pytest.raises(ConnectionFailed, match="GetTransactions"):
        connect(site)


def test_everything_that_the_role_lacks_is_named_at_once(in_acme, site):
    for action in ("GetClients", "GetTransactions"):
        site.fault("not_allowed", only=action)

    with pytest.raises(ConnectionFailed) as failed:
        connect(site)

    assert failed.value.code == "action_not_allowed"
    assert "does not allow GetClients, GetTransactions." in str(failed.value)
    assert WhmcsInstance.objects.count() == 0


def test_what_helps_and_is_not_allowed_is_named_and_stops_nothing(in_acme, site):
    assert connect(site).found["left_out"] == []
    for action in ("GetOrders", "GetCredits"):
        site.fault("not_allowed", only=action)

    connection.test_instance(instance=WhmcsInstance.objects.get(), now=NOW)

    kept = WhmcsInstance.objects.get()
    assert (kept.state, kept.found["left_out"]) == ("ACTIVE", ["GetOrders", "GetCredits"])


def test_what_the_test_found_is_kept_and_a_date_format_it_may_not_ask_is_left_out(in_acme, site):
    found = connect(site).found
    site.fault("not_allowed", only="GetConfigurationValue")
    connection.test_instance(instance=WhmcsInstance.objects.get(), now=NOW)

    assert (found["currencies"][0], found["date_format"]) == ("EUR", "DD.MM.YYYY")
    assert ["banktransfer", "Banküberweisung"] in found["payment_methods"]
    assert WhmcsInstance.objects.get().found == {**found, "date_format": ""}


def test_a_dead_host_and_an_inside_address_are_told_apart(in_acme, site, settings):
    with pytest.raises(ConnectionFailed) as inside:
        connect(site, base_url="https://127.0.0.1/whmcs")
    settings.LOOPBACK_EXCEPTION = "127.0.0.1:1"
    with pytest.raises(ConnectionFailed) as dead:
        connect(site, base_url="http://127.0.0.1:1/whmcs")

    assert (inside.value.code, dead.value.code) == ("address_refused", "unreachable")


def test_an_installation_is_connected_once(in_acme, site):
    connect(site)

    with pytest.raises(AlreadyConnected):
        connect(site, base_url=f"{site.url}/includes/api.php")

    assert WhmcsInstance.objects.count() == 1


def test_a_broken_connection_works_again_after_a_test(instance, site):
    site.fault("auth_failed")
    with pytest.raises(ConnectionFailed):
        connection.test_instance(instance=instance, now=NOW)
    instance.refresh_from_db()
    assert (instance.state, instance.last_error_code) == ("BROKEN", "access_refused")
    site.quiet()

    connection.test_instance(instance=instance, now=NOW + timedelta(minutes=1))

    instance.refresh_from_db()
    assert (instance.state, instance.last_error, instance.next_sync_at) == ("ACTIVE", "", NOW + timedelta(minutes=1))


def test_a_wrong_new_credential_leaves_the_old_one(instance, site):
    with pytest.raises(ConnectionFailed):
        connection.change_credential(instance=instance, identifier="a", secret="b", now=NOW)

    instance.refresh_from_db()
    assert connection.api_for(instance).details().version == "8.13.1"


def test_a_new_credential_revives_a_broken_connection(instance, site):
    WhmcsInstance.objects.filter(pk=instance.pk).update(state="BROKEN", secret_sealed=b"damaged")

    connection.change_credential(instance=instance, identifier=KEYS.identifier, secret=KEYS.secret, now=NOW)

    instance.refresh_from_db()
    assert (instance.state, connection.api_for(instance).details().version) == ("ACTIVE", "8.13.1")


def test_a_credential_that_does_not_open_stops_no_connection_and_loses_no_posting(instance, invoice, site):
    row = leave(invoice)
    WhmcsInstance.objects.filter(pk=instance.pk).update(secret_sealed=b"\x01" * 60)

    post()

    row.refresh_from_db()
    instance.refresh_from_db()
    assert (row.state, instance.state) == ("RETRYABLE", "ACTIVE")
    assert site.booked(row.transaction_id) == []


def test_a_removed_connection_forgets_its_credential_and_can_come_back(instance, site):
    connection.remove_instance(instance=instance, now=NOW)

    instance.refresh_from_db()
    assert (instance.state, bytes(instance.secret_sealed), instance.secret_last4) == ("REMOVED", b"", "")
    with pytest.raises(Conflict):
        connection.test_instance(instance=instance, now=NOW)
    assert connect(site).pk == instance.pk


def test_a_connection_with_payments_on_their_way_is_not_removed(instance, invoice):
    leave(invoice)

    with pytest.raises(PostingsOpen):
        connection.remove_instance(instance=instance, now=NOW)

    instance.refresh_from_db()
    assert instance.state == "ACTIVE"


def test_a_credential_of_one_tenant_does_not_open_in_another(instance, globex, site):
    with context.inside(globex):
        stolen = WhmcsInstance(public_id=instance.public_id, base_url=instance.base_url)
        stolen.identifier_sealed, stolen.secret_sealed = instance.identifier_sealed, instance.secret_sealed
        with pytest.raises(Exception, match="cannot be opened"):
            connection.api_for(stolen)


def test_the_other_host_has_its_own_installation(globex, sandbox_process):
    site = Site(sandbox_process, "globex")
    with context.inside(globex):
        keys = world.WHMCS["globex"]
        found = connect(site, identifier=keys.identifier, secret=keys.secret)

    assert (found.default_currency, found.bank_gateway) == ("GBP", "banktransfer")
