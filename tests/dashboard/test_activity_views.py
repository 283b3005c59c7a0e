"""Activity: what was decided, what was changed and what it was before, and who looked at an account number."""

import uuid
from datetime import UTC, datetime

import pytest

from matching.models import Decision
from matching.services import setting_aside
from matching.services.decisions import Actor
from payymo.audit.acting import Acting
from payymo.audit.actions import ACTIONS, AREAS, OF_PAYMENTS, acts_of
from payymo.audit.models import AuditEntry
from payymo.audit.services.recording import record
from payymo.dashboard.presenters.changes import what_was
from tenants import sealing
from tenants.models import Tenant
from tests.factories import rows

IBAN = "DE89370400440532013000"


def body(answer):
    return answer.content.decode()


def entry(key, action="settings.changed", about=None, **details):
    return AuditEntry(pk=key, action=action, object_id=about, details=details)


def test_every_act_has_one_place_on_the_page_of_activity():
    placed = [code for area in AREAS for code in acts_of(area)]

    assert sorted([*placed, *OF_PAYMENTS]) == sorted(ACTIONS)


def test_what_was_before_is_the_last_value_told_of_the_same_thing():
    role, other = uuid.uuid4(), uuid.uuid4()
    shown = [
        entry(9, undo_seconds="60", language="de"),
        entry(8, "role.saved", role, permissions="review.view"),
        entry(7, undo_seconds="30"),
    ]
    earlier = [
        entry(4, "role.saved", other, permissions="activity.view"),
        entry(3, "role.saved", role, permissions="rules.view"),
        entry(2, undo_seconds="10"),
        entry(1, undo_seconds="5"),
    ]

    assert what_was(shown, earlier) == {
        9: {"undo_seconds": "30"}, 8: {"permissions": "rules.view"}, 7: {"undo_seconds": "10"},
    }  # fmt: skip


def test_a_changed_setting_is_shown_with_what_it_was_and_who_changed_it(as_owner, as_viewer, owner):
    for seconds in ("30", "60"):
        record(action="settings.changed", by=Acting("person", owner.public_id), details={"undo_seconds": seconds})

    [newest, first] = as_owner.get("/activity/changes/").context["page"].events
    html = body(as_owner.get("/activity/changes/"))
    table = as_owner.get("/activity/changes/export.csv").content.decode("utf-8-sig").splitlines()

    assert [(each.label, each.was, each.now) for each in newest.changes] == [("Seconds to undo", "30", "60")]
    assert (newest.actor, newest.title) == (owner.display_name, "Changed the general settings")
    assert first.changes[0].was is None
    assert "<del>30</del>" in html
    assert table[1].endswith("Seconds to undo: 30,Seconds to undo: 60")
    assert "/activity/changes/" in body(as_owner.get("/activity/"))
    assert "/activity/changes/" not in body(as_viewer.get("/activity/"))


def test_what_may_happen_alone_is_told_in_the_readers_words_and_figures(as_owner, in_acme):
    record(action="policy.changed", details={"bands": "exact,likely", "least_probability": "0.995"})

    event = as_owner.get("/activity/changes/", headers={"Accept-Language": "de"}).context["page"].events[0]

    assert [each.now for each in event.changes] == ["Sicher, Wahrscheinlich", "0,995"]


def test_changes_are_narrowed_by_subject_person_and_day(as_owner, in_acme):
    record(action="connection.changed", by=Acting("staff", uuid.uuid4()), details={"what": "credential"})
    record(action="role.saved", by=Acting("system"), details={"role": "clerk"})
    record(action="posting.moved", by=Acting("system"))

    def titles(query=""):
        return [event.title for event in as_owner.get(f"/activity/changes/{query}").context["page"].events]

    assert titles() == ["Saved a role", "Changed a connection"]
    assert titles("?area=people") == ["Saved a role"]
    assert titles("?who=staff") == ["Changed a connection"]
    assert titles("?to=2020-01-01") == []
    assert "No activity in this period." in body(as_owner.get("/activity/changes/?to=2020-01-01"))


def test_a_change_says_what_it_is_about_and_leads_there(as_owner, in_acme):
    payment = rows.transfer("INV-1", "10.00")
    record(action="person.account_shown", about=payment)
    record(action="connection.changed", about=rows.client().instance)

    [connection, looked] = as_owner.get("/activity/changes/").context["page"].events

    assert (connection.detail, looked.url) == ("WHMCS", f"/transactions/{payment.public_id}/")


def test_one_of_the_staff_is_never_named_to_the_company(as_owner, owner):
    record(action="staff.entered", by=Acting("staff", owner.public_id))

    assert as_owner.get("/activity/changes/").context["page"].events[0].actor == "Payymo's staff"


def test_changes_cost_the_same_with_more_of_them(as_owner, owner, queries_of):
    def more(count):
        for number in range(count):
            record(
                action="settings.changed", by=Acting("person", owner.public_id), details={"undo_seconds": str(number)}
            )

    more(2)
    as_owner.get("/activity/changes/")
    few = queries_of(lambda: as_owner.get("/activity/changes/"))
    more(60)

    assert queries_of(lambda: as_owner.get("/activity/changes/")) == few
    first = as_owner.get("/activity/changes/").context["page"]
    second = as_owner.get(first.pager.next_url).context["page"]
    assert (len(first.events), len(second.events)) == (50, 12)


def test_a_day_of_the_activity_is_one_of_the_companys_time_zone(as_viewer, in_acme, reviewer):
    Tenant.objects.filter(pk=in_acme.pk).update(time_zone="Pacific/Auckland")
    late = datetime(2026, 11, 18, 22, tzinfo=UTC)
    payment = rows.transfer("Salary", "10.00")
    actor = Actor.person(reviewer)
    setting_aside.ignore_receipt(receipt_id=payment.public_id, reason="other", actor=actor, now=late)

    def shown(day):
        return as_viewer.get(f"/activity/?from={day}&to={day}").context["page"].events

    assert (len(shown("2026-11-18")), len(shown("2026-11-19"))) == (0, 1)
    assert shown("2026-11-19")[0].day.isoformat() == "2026-11-19"


@pytest.fixture
def paid(in_acme):
    payment = rows.transfer("INV-1", "10.00", counterparty_last4="3000")
    payment.counterparty_iban_sealed = sealing.seal(payment, "counterparty_iban_sealed", IBAN)
    payment.save(update_fields=["counterparty_iban_sealed"])
    return payment


def test_the_whole_account_number_is_shown_on_request_and_that_is_kept(as_reviewer, reviewer, paid):
    before = body(as_reviewer.get(f"/transactions/{paid.public_id}/"))
    shown = body(as_reviewer.post(f"/transactions/{paid.public_id}/account/"))

    assert ("0532" in before, f"/transactions/{paid.public_id}/account/" in before) == (False, True)
    assert "DE89 3704 0044 0532 0130 00" in shown
    kept = AuditEntry.objects.get(action="person.account_shown")
    assert (kept.actor_id, kept.object_id, kept.details) == (reviewer.public_id, paid.public_id, {})


def test_the_whole_number_of_an_own_account_is_shown_on_request_and_that_is_kept(as_reviewer, as_viewer, paid):
    own = paid.account
    own.iban_sealed = sealing.seal(own, "iban_sealed", "DE02120300000000202051")
    own.save(update_fields=["iban_sealed"])
    path = f"/transactions/{paid.public_id}/account/"

    assert as_viewer.post(path, {"which": "own"}).status_code == 403
    assert not AuditEntry.objects.filter(action="account.shown").exists()
    assert 'value="own"' in body(as_reviewer.get(f"/transactions/{paid.public_id}/"))
    shown = body(as_reviewer.post(path, {"which": "own"}))

    assert ("DE02 1203 0000 0000 2020 51" in shown, "DE89" in shown) == (True, False)
    assert AuditEntry.objects.get(action="account.shown").object_id == own.public_id
    assert not AuditEntry.objects.filter(action="person.account_shown").exists()


def test_what_whmcs_booked_itself_is_told_in_the_readers_language(as_viewer, paid):
    Decision.objects.create(
        kind="APPROVE", source="policy", bank_transaction=paid, decided_at=rows.NOW, reason="booked in WHMCS by hand"
    )

    event = as_viewer.get("/activity/", headers={"Accept-Language": "de"}).context["page"].events[0]

    assert event.detail == "in WHMCS von Hand gebucht"


def test_a_viewer_is_not_shown_an_account_number(as_viewer, paid):
    assert f"/transactions/{paid.public_id}/account/" not in body(as_viewer.get(f"/transactions/{paid.public_id}/"))
    assert as_viewer.post(f"/transactions/{paid.public_id}/account/").status_code == 403
    assert not AuditEntry.objects.filter(action="person.account_shown").exists()


def test_an_account_number_under_another_key_says_so_and_nothing_is_kept(as_reviewer, paid):
    type(paid).objects.filter(pk=paid.pk).update(counterparty_iban_sealed=b"not sealed by us")

    answer = as_reviewer.post(f"/transactions/{paid.public_id}/account/")

    assert "does not open with this company" in body(answer)
    assert not AuditEntry.objects.filter(action="person.account_shown").exists()


def test_a_payment_and_an_invoice_are_printed_with_company_and_moment(as_viewer, in_acme, paid):
    debt = rows.invoice("INV-1", "10.00")

    for path in (f"/transactions/{paid.public_id}/", f"/invoices/{debt.public_id}/", "/activity/"):
        html = body(as_viewer.get(path))

        assert "data-pm-print" in html, path
        assert f"{in_acme.name}, printed " in html, path
