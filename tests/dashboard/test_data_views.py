"""Data protection on its pages: what would go is shown first, and what cannot come back is meant twice."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from banking.models import BankTransaction
from payymo.audit.models import AuditEntry
from payymo.operations.models import CompanyExport, ExportPart
from payymo.operations.services import company_exports
from tenants import context
from tenants.models import Erasure, Tenant
from tests.dashboard.conftest import ACME, Browser
from tests.factories import rows

KEEPING = "/settings/retention/"


def stored(tenant):
    return Tenant.objects.values_list("unmatched_days", "bookkeeping_years").get(pk=tenant.pk)


@pytest.fixture
def old_entry(in_acme):
    """An unmatched entry of a hundred days ago."""
    row = rows.transfer("INV-1 hosting", "10.00")
    day = timezone.now().date() - timedelta(days=100)
    BankTransaction.objects.filter(pk=row.pk).update(booking_date=day, counterparty_name="Erika Muster")
    return row


def name_of(row):
    return BankTransaction.objects.get(pk=row.pk).counterparty_name


def test_shorter_periods_are_saved_only_once_it_was_seen_what_they_erase(as_owner, in_acme, old_entry):
    shown = as_owner.post(KEEPING, {"unmatched_days": "60", "bookkeeping_years": "10"})
    after_first = stored(in_acme)
    again = as_owner.post(KEEPING, {"unmatched_days": "60", "bookkeeping_years": "10", "seen": "60/10"})

    page = shown.context["page"]
    assert (shown.status_code, page.asks, [fact.text for fact in page.goes]) == (422, True, ["1"])
    assert after_first == (180, 10)
    assert (again.status_code, stored(in_acme)) == (303, (60, 10))
    assert name_of(old_entry) == "Erika Muster"


def test_what_was_seen_for_other_periods_does_not_count(as_owner, in_acme):
    as_owner.post(KEEPING, {"unmatched_days": "60", "bookkeeping_years": "6", "seen": "60/10"})

    assert stored(in_acme) == (180, 10)


def test_longer_periods_are_saved_at_once(as_owner, in_acme):
    answer = as_owner.post(KEEPING, {"unmatched_days": "365", "bookkeeping_years": "10"})

    assert (answer.status_code, stored(in_acme)) == (303, (365, 10))
    assert AuditEntry.objects.filter(action="retention.changed").count() == 1


@pytest.mark.parametrize("given", [{"unmatched_days": "29"}, {"bookkeeping_years": "5"}, {"bookkeeping_years": "x"}])
def test_periods_outside_what_the_law_and_we_allow_are_refused(as_owner, in_acme, given):
    answer = as_owner.post(KEEPING, {"unmatched_days": "180", "bookkeeping_years": "10", "seen": "29/10", **given})

    assert (answer.status_code, stored(in_acme)) == (422, (180, 10))


def test_a_person_is_looked_for_shown_and_erased_once_the_name_was_written_again(as_owner, old_entry):
    who = {"name": "erika  muster"}
    found = as_owner.post("/persons/", {**who, "do": "find"}).context["page"]
    unmeant = as_owner.post("/persons/", {**who, "do": "erase", "confirm": "Erika"})
    before = name_of(old_entry)
    erased = as_owner.post("/persons/", {**who, "do": "erase", "confirm": "Erika Muster"})

    assert [(fact.label, fact.text) for fact in found.goes] == [("Bank entries", "1")]
    assert (unmeant.status_code, before) == (422, "Erika Muster")
    assert (erased.status_code, name_of(old_entry), Erasure.objects.count()) == (303, "", 1)


def test_a_name_that_is_not_stored_as_it_was_typed_is_no_proof_that_nothing_is(as_owner, old_entry):
    html = as_owner.post("/persons/", {"name": "Erica Muster"}).content.decode()

    assert "Nothing is stored under exactly this name" in html
    assert "Check how it is written" in html


def test_looking_writes_nothing(as_owner, old_entry):
    as_owner.post("/persons/", {"name": "Erika Muster", "do": "find"})

    assert (name_of(old_entry), Erasure.objects.count(), AuditEntry.objects.count()) == ("Erika Muster", 0, 0)


def test_nobody_named_is_said(as_owner):
    answer = as_owner.post("/persons/", {"do": "erase", "confirm": ""})

    assert answer.status_code == 422
    assert "Say who is meant" in answer.content.decode()


def test_what_is_stored_is_given_out_as_a_file_and_that_is_recorded(as_owner, old_entry):
    answer = as_owner.post("/persons/", {"name": "Erika Muster", "do": "export"})

    assert answer["Content-Disposition"] == 'attachment; filename="person.json"'
    assert answer.json()["bank_transactions"][0]["payer_or_payee"] == "Erika Muster"
    assert AuditEntry.objects.filter(action="person.exported").count() == 1


def test_only_an_owner_reaches_persons_and_archives(as_admin, old_entry):
    answers = [
        as_admin.get("/persons/"),
        as_admin.post("/persons/", {"name": "Erika Muster", "do": "erase", "confirm": "Erika Muster"}),
        as_admin.get("/settings/export/"),
        as_admin.post("/settings/export/ask/"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert (name_of(old_entry), CompanyExport.objects.count()) == ("Erika Muster", 0)


def test_an_archive_is_asked_for_once_at_a_time(as_owner):
    for _ in range(2):
        assert as_owner.post("/settings/export/ask/").status_code == 303

    assert CompanyExport.objects.count() == 1
    assert as_owner.get("/settings/export/").context["page"].ask_url == ""


def test_an_archive_is_made_sealed_fetched_whole_and_gone_after_a_day(committed_acme, owner, committed_globex):
    row, now = company_exports.ask(asked_by=owner), timezone.now()
    made = company_exports.make_next(now=now)
    browser = Browser(ACME, tenant=committed_acme, user=owner)
    fetched = browser.post(f"/settings/export/{row.public_id}/")
    # Read like a server does: after the request has left the tenant's schema.
    context.leave()
    content = b"".join(fetched.streaming_content)
    context.enter_for_request(committed_acme)

    assert len(content) == int(fetched["Content-Length"]) == made.size
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert "manifest.json" in archive.namelist()
    assert not [part for part in ExportPart.objects.all() if b"manifest.json" in bytes(part.content_sealed)]
    assert company_exports.end_old(now=now + timedelta(hours=24)) == 1
    assert ExportPart.objects.count() == 0
    assert browser.post(f"/settings/export/{row.public_id}/").status_code == 303
    assert CompanyExport.objects.get().fetched == 1


def test_an_archive_that_cannot_be_made_is_given_up_after_three_attempts(committed_acme, owner):
    row = company_exports.ask(asked_by=owner)
    CompanyExport.objects.filter(pk=row.pk).update(attempts=company_exports.MOST_ATTEMPTS)

    failed = company_exports.make_next(now=timezone.now())

    assert (failed.state, ExportPart.objects.count()) == ("failed", 0)
    assert company_exports.ask(asked_by=owner).pk != row.pk


def test_an_archive_that_is_too_large_is_not_kept(committed_acme, owner):
    company_exports.ask(asked_by=owner)

    failed = company_exports.make_next(now=timezone.now(), most_bytes=1000)

    assert (failed.state, ExportPart.objects.count()) == ("failed", 0)
    assert "too large" in failed.error


def test_an_archive_of_another_company_is_not_found(as_owner, globex, owner):
    with context.inside(globex):
        row = CompanyExport.objects.create(asked_by_id=1, asked_by_name="x", state="ready")

    assert as_owner.post(f"/settings/export/{row.public_id}/").status_code == 404


def test_support_access_and_visits_are_shown_to_the_company(as_owner, as_viewer, in_acme):
    before = as_viewer.get("/").content.decode()
    as_owner.post("/settings/support/", {"hours": "8"})

    page = as_owner.get("/settings/general/").context["page"]
    assert "staff may look into your company" not in before
    assert "staff may look into your company" in as_viewer.get("/").content.decode()
    assert [(event.actor, event.title) for event in page.visits] == [
        ("Owner", "Let Payymo's staff look into the company")
    ]
