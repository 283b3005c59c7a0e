"""System health: what an administrator and staff see, and parts of pages that are fetched anew."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import OutgoingMail, User
from matching.services import proposing
from payymo.operations.services import figures, system_health
from tenants.models import Breaker, Heartbeat, Job, ParkedJob, Tenant
from tenants.tasks import note_beat
from tests.dashboard.conftest import STAFF, Browser
from tests.factories import rows
from whmcs.models import Posting

PATH, PART = "/settings/health/", {"X-Payymo-Part": "pm-system"}


@pytest.fixture
def as_staff(in_acme):
    staff = User.objects.get(email="staff@payymo.example")
    return Browser(STAFF, tenant=in_acme, user=staff, is_staff_host=True)


def alive(**ago):
    for name in ("worker", "beat"):
        at = timezone.now() - timedelta(seconds=ago.get(name, 5))
        Heartbeat.objects.update_or_create(name=name, defaults={"beaten_at": at})


def posting(state="FAILED", **fields):
    invoice, now = rows.invoice("INV-1", "49.00"), timezone.now()
    return Posting.objects.create(
        instance=invoice.instance, invoice=invoice, amount="49.00", currency="EUR", paid_at=now, state=state,
        gateway="banktransfer", transaction_id=f"pm-{Posting.objects.count()}", not_before=now, **fields,
    )  # fmt: skip


def checks(page):
    return {check.title: check for check in page.checks}


def test_a_healthy_company_is_told_so(as_admin):
    alive()
    page = as_admin.get(PATH).context["page"]

    assert {check.chip.tone for check in page.checks} == {"ok"}
    assert page.verdict.text == "Everything runs"


def test_a_silent_worker_is_told_from_a_silent_schedule(as_admin):
    alive(worker=300)
    found = checks(as_admin.get(PATH).context["page"])
    assert (found["Workers"].chip.tone, found["Schedule"].chip.tone) == ("bad", "ok")
    assert "Nothing is lost" in found["Workers"].step

    alive(worker=300, beat=300)
    found = checks(as_admin.get(PATH).context["page"])
    assert (found["Workers"].step, "Nothing is lost" in found["Schedule"].step) == ("", True)


def test_what_waits_says_how_much_and_since_when(as_admin, in_acme):
    alive()
    posting("QUEUED")
    Posting.objects.update(not_before=timezone.now() - timedelta(minutes=9))
    Job.objects.create(tenant=in_acme, task="t", waiting_since=timezone.now())
    found = checks(as_admin.get(PATH).context["page"])

    assert found["Payments to post"].text == "1 waits, since 9 min ago."
    assert (found["Payments to post"].chip.tone, found["Payments to post"].url) == ("warn", "/postings/")
    assert (found["Jobs"].chip.tone, found["Jobs"].step) == ("ok", "")


def test_errors_are_in_words_with_a_next_step(as_admin, in_acme):
    alive()
    posting("FAILED", last_error="WHMCS: Invoice ID Not Found")
    posting("RETRYABLE", last_error="No answer")
    ParkedJob.objects.create(
        task="t", named_tenant=str(in_acme.public_id), reason="killed_workers", parked_at=timezone.now(),
        last_at=timezone.now(),
    )  # fmt: skip
    Breaker.objects.create(tenant=in_acme, name="provider:whmcs:1", failures=5, opened_at=timezone.now())
    page = as_admin.get(PATH).context["page"]

    assert [(error.text, error.step) for error in page.errors] == [
        ("No answer", "It is tried again by itself."), ("WHMCS: Invoice ID Not Found", "Try again or give it up."),
    ]  # fmt: skip
    assert (checks(page)["Parked jobs"].chip.tone, checks(page)["Whmcs"].chip.tone) == ("bad", "warn")
    assert page.verdict.tone == "bad"


def test_a_company_sees_nothing_of_another(as_admin, globex):
    alive()
    Job.objects.create(tenant=globex, task="t", waiting_since=timezone.now())
    OutgoingMail.objects.create(tenant=globex, kind="notices", about=globex.public_id, due_at=timezone.now())
    ParkedJob.objects.create(
        task="t", named_tenant=str(globex.public_id), reason="killed_workers", parked_at=timezone.now(),
        last_at=timezone.now(),
    )  # fmt: skip
    page = as_admin.get(PATH).context["page"]

    assert {check.text for check in page.checks if check.chip.tone != "ok"} == set()
    assert (checks(page)["Jobs"].text, checks(page)["E-mails"].text) == ("Nothing waits.", "Nothing waits.")


def test_a_reviewer_may_not_look(as_reviewer):
    assert as_reviewer.get(PATH).status_code == 403


def test_the_queries_do_not_grow(as_admin, queries_of):
    alive()
    few = queries_of(lambda: as_admin.get(PATH, headers=PART))
    for _ in range(8):
        posting("FAILED", last_error="x")

    assert queries_of(lambda: as_admin.get(PATH, headers=PART)) == few


@pytest.mark.parametrize(("path", "part"), [(PATH, "pm-system"), ("/", "pm-overview")])
def test_a_part_is_sent_again_only_when_it_has_changed(as_admin, path, part, time_machine):
    # What it says of times would change meanwhile.
    time_machine.move_to(timezone.now(), tick=False)
    alive()
    headers = {"X-Payymo-Part": part}
    first = as_admin.get(path, headers=headers)
    assert first.status_code == 200
    assert b"<html" not in first.content

    state = first.headers["X-Payymo-State"]
    assert as_admin.get(f"{path}?state={state}", headers=headers).status_code == 204
    posting("FAILED", last_error="x")
    assert as_admin.get(f"{path}?state={state}", headers=headers).status_code == 200


def test_staff_sees_numbers_of_every_company_and_nothing_else(as_staff, in_acme, globex):
    alive()
    posting("FAILED", last_error="secret words of WHMCS")
    figures.note_figures(now=timezone.now())
    answer = as_staff.get("/admin/")
    lines = {line.slug: line for line in answer.context["page"].tenants}

    assert (lines["acme"].needs_person, lines["acme"].chip.tone) == (1, "ok")
    assert (lines["globex"].needs_person, lines["globex"].chip.tone) == (0, "warn")
    assert not any(text in answer.content.decode() for text in ("secret words", "INV-1", "Northwind"))

    Tenant.objects.filter(pk=globex.pk).update(state=Tenant.State.SUSPENDED)
    after = {line.slug: line.chip.text for line in as_staff.get("/admin/").context["page"].tenants}
    assert (after["acme"], after["globex"]) == ("Runs", "Suspended")


def test_the_console_says_how_old_the_oldest_payment_is_and_leads_to_who_lets_staff_in(as_staff, in_acme, globex):
    morning = timezone.now().replace(hour=1)
    payment = rows.transfer("thank you", "10.00", booking_date=morning.date() - timedelta(days=9))
    proposing.propose(receipts=[payment], now=morning)
    figures.note_figures(now=morning)
    Tenant.objects.filter(pk=in_acme.pk).update(support_access_until=timezone.now() + timedelta(hours=1))
    Tenant.objects.filter(pk=globex.pk).update(support_access_until=timezone.now() - timedelta(hours=1))

    lines = {line.slug: line for line in as_staff.get("/admin/").context["page"].tenants}

    assert (lines["acme"].to_review, lines["acme"].oldest) == (1, "9 days")
    assert (lines["acme"].enter_url, lines["globex"].enter_url) == ("/admin/t/acme/", "")
    assert as_staff.get("/admin/t/acme/enter/").status_code == 200


def test_staffs_queries_do_not_grow_with_companies(acme, queries_of):
    few = queries_of(system_health.of_installation)
    for number in range(5):
        Tenant.objects.create(schema_name=f"t_{number:032}", slug=f"more{number}", name="More")

    assert queries_of(system_health.of_installation) == few


def test_only_staff_sees_it(as_owner, in_acme, owner):
    assert as_owner.get("/admin/").status_code == 404
    assert Browser(STAFF, tenant=in_acme, user=owner, is_staff_host=True).get("/admin/").status_code == 302


def test_beat_notes_that_it_lives_and_no_database_stops_it(in_acme, monkeypatch):
    monkeypatch.setattr("tenants.tasks.close_old_connections", lambda: None)
    note_beat(sender="x")
    assert Heartbeat.objects.filter(name="beat").exists()

    def broken(**_):
        raise DatabaseError

    monkeypatch.setattr(Heartbeat.objects, "update_or_create", broken)
    note_beat(sender="x")


def test_the_overview_draws_how_many_were_posted_each_day(as_admin, in_acme):
    at = timezone.now() - timedelta(days=2)
    posting("POSTED", posted_at=at)
    posting("POSTED", posted_at=at - timedelta(days=60))

    page = as_admin.get("/?days=7").context["page"]

    card = page.figures[0]
    assert (card.value, [int(each) for each in card.spark.values]) == ("2", [0, 0, 0, 0, 0, 1, 0, 0])
    assert card.spark.sentence.startswith("1 posted in this period, on ")
    assert all(each.spark is None for each in page.figures[1:])
