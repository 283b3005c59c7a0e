"""A member's notices and the company's endpoints, as pages."""

import json
from datetime import UTC, datetime

import pytest
from django.core import signing

from payymo.notices.kinds import Kind
from payymo.notices.models import Delivery, Endpoint, Event, Notice, Preference
from payymo.notices.services import endpoints, reading
from payymo.notices.services.letters import _SALT
from tenants import sealing

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADDRESS = "https://books.example/hook"


def notice(user, kind=Kind.POSTING_STOPPED, number=0):
    event = Event.objects.create(
        kind=kind, about="5b6a2f3e-0000-4000-8000-000000000001", occasion=f"{user.pk}:{number}", happened_at=NOW,
        details={"amount": "49.00", "currency": "EUR", "receipt": "x"},
    )  # fmt: skip
    return Notice.objects.create(event=event, user_id=user.pk)


@pytest.fixture
def made(in_acme, public_names):
    return endpoints.add(form="webhook", name="Books", address=ADDRESS, kinds=["posting.stopped"], now=NOW)


def test_the_bell_counts_what_was_not_read_and_opening_reads_it(as_reviewer, reviewer, owner):
    mine, _ = notice(reviewer), notice(owner, number=1)
    page = as_reviewer.get("/notifications/")
    assert page.context["shell"].unread == 1
    assert [row.text for row in page.context["page"].rows] == [
        "A payment of 49.00\u00a0EUR could not be posted to WHMCS."
    ]

    answer = as_reviewer.post(f"/notifications/{mine.public_id}/open/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/postings/")
    assert as_reviewer.get("/notifications/").context["shell"].unread == 0


def test_a_colleagues_notice_can_be_neither_opened_nor_read(as_reviewer, owner):
    theirs = notice(owner)

    assert as_reviewer.post(f"/notifications/{theirs.public_id}/open/").status_code == 404
    as_reviewer.post(f"/notifications/{theirs.public_id}/read/")
    as_reviewer.post("/notifications/read/")
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_what_a_role_lost_is_listed_no_more(as_newcomer, in_acme):
    from accounts.models import User

    notice(User.objects.get(email="newcomer@acme.example"))

    page = as_newcomer.get("/notifications/").context
    assert (page["page"].rows, page["shell"].unread) == ((), 0)


def test_the_queries_do_not_grow_with_notices(as_reviewer, reviewer, queries_of):
    notice(reviewer)
    few = queries_of(lambda: as_reviewer.get("/notifications/"))
    for number in range(1, 30):
        notice(reviewer, number=number)

    assert queries_of(lambda: as_reviewer.get("/notifications/")) == few


def test_how_one_hears_is_chosen_for_what_one_may_know(as_viewer, viewer):
    sent = {"posting.stopped": "daily", "licence.near_limit": "at_once", "feed.stopped": "carrier pigeon"}
    as_viewer.post("/account/notifications/", sent)
    assert not Preference.objects.exists()

    as_viewer.post("/account/notifications/", {**sent, "feed.stopped": "off"})
    assert dict(Preference.objects.filter(user_id=viewer.pk).values_list("kind", "way")) == {
        "posting.stopped": "daily", "feed.stopped": "off",
    }  # fmt: skip


def test_the_link_of_a_mail_stops_mails_by_post_alone(anonymous, reviewer, in_acme):
    reading.choose(user_id=reviewer.pk, ways={"posting.stopped": "at_once"})
    token = signing.dumps([str(reviewer.public_id), str(in_acme.public_id)], salt=_SALT)
    path = f"/notifications/stop/{token}/"

    assert anonymous.get(path).status_code == 200
    assert Preference.objects.get().way == "at_once"
    assert anonymous.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert set(Preference.objects.filter(user_id=reviewer.pk).values_list("way", flat=True)) == {"app"}
    assert anonymous.post("/notifications/stop/x/").status_code == 404


def test_the_secret_of_an_endpoint_is_shown_once(as_admin, public_names):
    sent = {"form": "webhook", "name": "Books", "address": ADDRESS, "kinds": ["posting.stopped", "feed.stopped"]}
    answer = as_admin.post("/settings/webhooks/", sent)

    secret = answer.context["page"].secret
    assert secret.startswith("whsec_")
    assert answer.headers["Cache-Control"].count("no-store")
    path = f"/settings/webhooks/{Endpoint.objects.get().public_id}/"
    later = as_admin.get(path)
    assert secret not in later.content.decode()
    assert "/hook" not in json.dumps([fact.text for fact in later.context["page"].facts])


def test_an_address_that_leads_inside_is_said_beside_it(as_admin):
    answer = as_admin.post(
        "/settings/webhooks/",
        {"form": "webhook", "name": "X", "address": "https://127.0.0.1/", "kinds": ["feed.stopped"]},
    )

    assert answer.status_code == 422
    assert "public internet" in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_an_address_whose_name_leads_nowhere_is_said_in_ones_language(as_admin, monkeypatch):
    def unknown(host, port, **_):
        raise OSError(host)

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    sent = {"form": "webhook", "name": "X", "address": ADDRESS, "kinds": ["feed.stopped"]}
    answer = as_admin.post("/settings/webhooks/", sent, headers={"accept-language": "de"})

    assert (answer.status_code, "Der Name books.example lässt sich nicht auflösen." in answer.content.decode()) == (
        422, True,
    )  # fmt: skip


def test_an_endpoint_is_changed_tested_paused_and_removed(as_admin, made):
    path = f"/settings/webhooks/{made.row.public_id}/"
    as_admin.post(path, {"name": "Ledger", "kinds": ["dispute.changed"]})
    row = Endpoint.objects.get()
    assert (row.name, row.kinds) == ("Ledger", ["dispute.changed"])

    as_admin.post(f"{path}test/")
    delivery = Delivery.objects.get()
    Delivery.objects.update(state="GIVEN_UP")
    as_admin.post(f"/settings/webhooks/deliveries/{delivery.public_id}/resend/")
    delivery.refresh_from_db()
    assert delivery.state == "WAITING"

    for act, state in (("pause", "PAUSED"), ("resume", "ACTIVE"), ("remove", "REMOVED")):
        assert as_admin.post(f"{path}{act}/").status_code == 303
        assert Endpoint.objects.get().state == state
    assert as_admin.get(path).status_code == 404
    assert as_admin.post(f"/settings/webhooks/deliveries/{delivery.public_id}/resend/").status_code == 404


def test_a_page_with_a_new_secret_that_is_loaded_again_makes_no_other(as_admin, made):
    path = f"/settings/webhooks/{made.row.public_id}/"
    form = {"version": as_admin.get(path).context["page"].version}

    first, again = (as_admin.post(f"{path}rotate/", form) for _ in range(2))

    assert (first.status_code, again.status_code, again["Location"]) == (200, 303, path)
    assert sealing.unseal(Endpoint.objects.get(), "secret_sealed") == first.context["page"].secret


def test_a_reviewer_sees_no_endpoint_and_sends_nothing(as_reviewer, made):
    path = f"/settings/webhooks/{made.row.public_id}/"

    assert [as_reviewer.get(each).status_code for each in ("/settings/webhooks/", path)] == [403, 403]
    for act in ("test", "rotate", "pause", "resume", "remove"):
        assert as_reviewer.post(f"{path}{act}/").status_code == 403
    assert (Endpoint.objects.get().state, Delivery.objects.count()) == ("ACTIVE", 0)


def test_what_writes_asks_again_after_a_quarter_of_an_hour(as_admin, made):
    from accounts.models import Session

    Session.objects.update(confirmed_at=None)
    path = f"/settings/webhooks/{made.row.public_id}/"

    assert [as_admin.post(f"{path}{act}/").status_code for act in ("rotate", "pause", "remove")] == [403] * 3
    assert Endpoint.objects.get().state == "ACTIVE"


def test_the_log_takes_the_same_queries_for_many_messages(as_admin, made, queries_of):
    path = f"/settings/webhooks/{made.row.public_id}/"
    endpoints.test(endpoint_id=made.row.public_id, now=NOW)
    few = queries_of(lambda: as_admin.get(path))
    for _ in range(20):
        endpoints.test(endpoint_id=made.row.public_id, now=NOW)

    assert queries_of(lambda: as_admin.get(path)) == few


def test_a_kind_is_muted_from_its_notice_for_its_reader_alone(as_reviewer, reviewer, owner):
    notice(reviewer)

    [row] = as_reviewer.get("/notifications/").context["page"].rows
    answer = as_reviewer.post("/notifications/mute/", {"kind": row.code})

    assert (answer.status_code, answer["Location"]) == (303, "/notifications/")
    assert list(Preference.objects.values_list("user_id", "kind", "way")) == [
        (reviewer.pk, Kind.POSTING_STOPPED.value, "off")
    ]
    as_reviewer.post("/notifications/mute/", {"kind": "no.such.kind"})
    assert Preference.objects.count() == 1
