"""Endpoints: which addresses are taken, what is kept of their secrets, and who counts them."""

import json
from datetime import UTC, datetime

import pytest

from payymo.audit.models import AuditEntry
from payymo.notices.models import Endpoint
from payymo.notices.services import endpoints
from tenants import context, sealing

pytestmark = pytest.mark.usefixtures("public_names")

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
CHOSEN = ("posting.stopped",)


def add(address="https://books.example/hook", name="Books", kinds=CHOSEN, form="webhook"):
    return endpoints.add(form=form, name=name, address=address, kinds=kinds, now=NOW)


@pytest.mark.parametrize(
    "address",
    [
        "http://books.example/", "https://user:secret@books.example/", "https://books.example:22/", "books.example", "",
        "https://books.example/\nX", "https://" + "b" * 600, "https://[::1",
    ],
)  # fmt: skip
def test_an_address_that_must_not_be_called_is_refused(in_acme, address):
    with pytest.raises(endpoints.UnusableEndpoint):
        add(address)

    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("found", ["127.0.0.1", "10.0.0.4", "169.254.169.254", "::1"])
def test_a_name_that_leads_inside_is_refused(in_acme, monkeypatch, found):
    monkeypatch.setattr("socket.getaddrinfo", lambda host, port, **_: [(2, 1, 6, "", (found, port))])

    with pytest.raises(endpoints.UnusableEndpoint, match="public internet"):
        add()


@pytest.mark.parametrize(("name", "kinds"), [("", CHOSEN), ("x" * 81, CHOSEN), ("Books", ()), ("Books", ("nothing",))])
def test_it_needs_a_name_and_events_of_the_catalogue(in_acme, name, kinds):
    with pytest.raises(endpoints.UnusableEndpoint):
        add(name=name, kinds=kinds)


def test_the_secret_is_sealed_and_nothing_of_it_is_logged(in_acme):
    made = add()

    assert len(made.secret) == len("whsec_") + 44
    assert made.secret.encode() not in bytes(made.row.secret_sealed)
    assert sealing.unseal(made.row, "secret_sealed") == made.secret
    written = json.dumps(list(AuditEntry.objects.values_list("action", "details")))
    assert "endpoint.added" in written
    assert made.secret not in written
    assert "books.example" not in written


def test_there_are_only_so_many(in_acme, monkeypatch):
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    first = add()
    with pytest.raises(endpoints.TooManyEndpoints):
        add()

    endpoints.remove(endpoint_id=first.row.public_id)
    add()


def test_two_of_one_name_would_be_one_form_sent_twice(in_acme):
    first = add()

    with pytest.raises(endpoints.UnusableEndpoint, match="of this name"):
        add()
    other = add(name="Other")
    with pytest.raises(endpoints.UnusableEndpoint, match="of this name"):
        endpoints.change(endpoint_id=other.row.public_id, name=first.row.name.upper(), kinds=CHOSEN)
    endpoints.change(endpoint_id=first.row.public_id, name=first.row.name, kinds=CHOSEN)
    assert list(Endpoint.objects.order_by("pk").values_list("name", flat=True)) == [first.row.name, "Other"]


def test_a_new_secret_that_is_asked_for_twice_by_one_form_is_made_once(in_acme):
    made = add()
    shown = {"endpoint_id": made.row.public_id, "instead_of": endpoints.version_of(made.row), "now": NOW}
    fresh = endpoints.rotate(**shown)

    with pytest.raises(endpoints.SecretChanged):
        endpoints.rotate(**shown)
    row = Endpoint.objects.get()
    assert [sealing.unseal(row, name) for name in ("secret_sealed", "old_secret_sealed")] == [fresh.secret, made.secret]


def test_a_removed_one_keeps_no_address_and_no_secret(in_acme):
    made = add()
    endpoints.rotate(endpoint_id=made.row.public_id, now=NOW)
    endpoints.remove(endpoint_id=made.row.public_id)

    row = Endpoint.objects.get()
    assert [bytes(value) for value in (row.address_sealed, row.secret_sealed, row.old_secret_sealed)] == [b"", b"", b""]
    with pytest.raises(Endpoint.DoesNotExist):
        endpoints.resume(endpoint_id=row.public_id, now=NOW)


def test_a_paused_one_is_not_tested(in_acme):
    made = add()
    endpoints.pause(endpoint_id=made.row.public_id)

    with pytest.raises(endpoints.UnusableEndpoint, match="Resume"):
        endpoints.test(endpoint_id=made.row.public_id, now=NOW)


def test_a_slack_channel_has_no_secret_to_change(in_acme):
    made = add(form="slack")

    with pytest.raises(endpoints.NoSecret):
        endpoints.rotate(endpoint_id=made.row.public_id, now=NOW)


def test_another_company_cannot_reach_it(in_acme, globex):
    made = add()

    with context.inside(globex):
        for act in (endpoints.pause, endpoints.remove):
            with pytest.raises(Endpoint.DoesNotExist):
                act(endpoint_id=made.row.public_id)
