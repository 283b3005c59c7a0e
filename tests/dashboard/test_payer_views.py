"""Payers, search, offered rules, general settings and one's own display."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from matching.models import DismissedOffer, PayerProfile
from matching.services import allocation, learning, rule_offers, setting_aside
from matching.services.decisions import Actor
from payymo.audit.models import AuditEntry
from tenants.models import Tenant
from tests.factories import rows


@pytest.fixture
def payer(in_acme):
    payment = rows.transfer(
        "INV-1", "10.00", name="Northwind Ltd", counterparty_hash="h" * 64, counterparty_last4="3000"
    )
    learning.learn(payment, {rows.client("Northwind").pk}, on=timezone.now().date())
    return PayerProfile.objects.get(kind="account")


def test_payers_are_listed_by_name_with_a_masked_account_and_never_by_its_hash(as_reviewer, payer):
    answer = as_reviewer.get("/payers/")

    row = next(each for each in answer.context["page"].rows if "Account" in each.known_by)
    assert (row.name, row.known_by, row.client, row.hits) == ("Northwind Ltd", "Account …\u00a03000", "Northwind", 1)
    assert b"hhhh" not in answer.content


@pytest.fixture
def known_by_name(in_acme, owner):
    """A payer without an account number, whose name was folded to be remembered, and one whose payment is gone."""
    debt = rows.invoice("INV-7", "10.00", of=rows.client("Orbit"))
    payment = rows.transfer("Standing order", "10.00", name="Orbit Möbel e.U.")
    line = allocation.Line(debt.pk, Decimal("10.00"))
    allocation.allocate_by_hand(
        receipt_id=payment.public_id, lines=[line], actor=Actor.person(owner), now=timezone.now()
    )
    learning.learn(rows.transfer("1", "5.00", name="Zoë Ñandú"), {rows.client("Other").pk}, on=timezone.now().date())


def test_a_payer_known_by_name_is_called_as_the_bank_wrote_it(as_reviewer, known_by_name):
    names = {(each.client, each.name) for each in as_reviewer.get("/payers/").context["page"].rows}

    assert names == {("Orbit", "Orbit Möbel e.U."), ("Other", "NANDU ZO")}


@pytest.mark.parametrize(
    ("asked", "found"), [("orbit möbel", 2), ("MOBEL e.U.", 2), ("Zoe", 2), ("möbel zoë", 0), ("—", 0)]
)
def test_a_folded_name_is_found_as_people_write_it(as_reviewer, known_by_name, asked, found):
    assert len(as_reviewer.get("/payers/", {"q": asked}).context["page"].rows) == found


def test_a_payer_is_renamed_kept_out_used_again_and_forgotten(as_reviewer, payer):
    url = f"/payers/{payer.public_id}/"

    as_reviewer.post(f"{url}rename/", {"name": "  The  landlord "})
    as_reviewer.post(f"{url}block/", {"do": "block"})

    payer.refresh_from_db()
    assert (payer.label, payer.is_blocked) == ("The landlord", True)
    assert as_reviewer.get("/payers/?state=blocked").context["page"].rows[0].name == "The landlord"
    as_reviewer.post(f"{url}block/", {"do": "allow"})
    assert as_reviewer.get(url).context["page"].is_blocked is False
    as_reviewer.post(f"{url}forget/")
    assert as_reviewer.get(url).status_code == 404
    assert {"payer.renamed", "payer.blocked", "payer.allowed", "payer.forgotten"} <= set(
        AuditEntry.objects.values_list("action", flat=True)
    )


def test_a_name_that_is_too_long_is_refused(as_reviewer, payer):
    answer = as_reviewer.post(f"/payers/{payer.public_id}/rename/", {"name": "x" * 81}, follow=True)

    payer.refresh_from_db()
    assert (payer.label, b"at most 80" in answer.content) == ("", True)


@pytest.mark.parametrize("act", ["rename", "block", "forget"])
def test_a_viewer_changes_no_payer(as_viewer, payer, act):
    assert as_viewer.post(f"/payers/{payer.public_id}/{act}/").status_code == 403
    assert as_viewer.get("/payers/").status_code == 403
    assert PayerProfile.objects.filter(pk=payer.pk).exists()


def test_the_list_of_payers_costs_the_same_with_more_rows(as_reviewer, payer, queries_of):
    few = queries_of(lambda: as_reviewer.get("/payers/"))
    for number in range(20):
        other = rows.transfer("x", "1.00", name=f"Name {number}", counterparty_hash=f"{number:064d}")
        learning.learn(other, {rows.client(f"Client {number}").pk}, on=timezone.now().date())

    assert queries_of(lambda: as_reviewer.get("/payers/")) == few


def test_payers_go_on_on_the_next_page_without_losing_one(as_reviewer, in_acme):
    for number in range(60):
        payment = rows.transfer("x", "1.00", name="", counterparty_hash=f"{number:064d}")
        learning.learn(payment, {rows.client(f"Client {number}").pk}, on=timezone.now().date())

    first = as_reviewer.get("/payers/").context["page"]
    second = as_reviewer.get(first.pager.next_url).context["page"]

    everything = {row.url for row in (*first.rows, *second.rows)}
    assert len(everything) == len(first.rows) + len(second.rows) == PayerProfile.objects.count()


def test_search_finds_pages_records_and_amounts_for_who_may_see_them(as_reviewer, as_viewer, payer):
    rows.invoice("INV-4711", "10.00")

    def groups(browser, text):
        return {
            group.title: [hit.title for hit in group.hits]
            for group in browser.get(f"/search/?q={text}").context["page"].groups
        }

    assert groups(as_reviewer, "4711") == {"Invoices": ["INV-4711"]}
    assert groups(as_reviewer, "Northwind")["Payers"]
    assert "Payers" not in groups(as_viewer, "Northwind")
    assert groups(as_reviewer, "10.00")["Transactions"] == ["Northwind Ltd"]
    assert "New rule" not in groups(as_reviewer, "rule").get("Pages and actions", [])
    assert b"No result for" in as_reviewer.get("/search/?q=zzzz").content
    assert as_reviewer.fragment("get", "/search/").templates[0].name == "dashboard/search_results.html"


def test_an_offered_rule_that_is_dismissed_is_not_offered_again(as_owner, as_reviewer, owner, in_acme):
    now = timezone.now()
    for number in range(3):
        payment = rows.transfer(f"pay {number}", "5.00", name="Own Account")
        setting_aside.ignore_receipt(
            receipt_id=payment.public_id, reason="own_transfer", actor=Actor.person(owner), now=now
        )
    [card] = as_owner.get("/rules/").context["page"].offers

    assert as_reviewer.post(card.dismiss_url).status_code == 403
    assert as_owner.post(card.dismiss_url).status_code == 303
    assert as_owner.get("/rules/").context["page"].offers == ()
    assert DismissedOffer.objects.count() == 1
    later = rows.transfer("pay again", "5.00", name="Own Account")
    setting_aside.ignore_receipt(receipt_id=later.public_id, reason="own_transfer", actor=Actor.person(owner), now=now)
    assert rule_offers.suggest_rules(now=now) == ()


def test_general_settings_are_saved_and_recorded(as_admin, in_acme):
    answer = as_admin.post("/settings/general/", {"time_zone": "Europe/Berlin", "language": "de", "undo_seconds": "45"})

    tenant = Tenant.objects.get(pk=in_acme.pk)
    assert (answer.status_code, tenant.time_zone, tenant.language, tenant.undo_seconds) == (
        303, "Europe/Berlin", "de", 45,
    )  # fmt: skip
    assert AuditEntry.objects.get(action="settings.changed").details == {
        "time_zone": "Europe/Berlin", "language": "de", "undo_seconds": "45",
    }  # fmt: skip


@pytest.mark.parametrize("sent", [
    {"time_zone": "Mars/Base", "language": "en", "undo_seconds": "30"},
    {"time_zone": "UTC", "language": "en", "undo_seconds": "601"},
    {"time_zone": "UTC", "language": "tlh", "undo_seconds": "30"}, {},
])  # fmt: skip
def test_general_settings_out_of_bounds_change_nothing(as_admin, in_acme, sent):
    assert as_admin.post("/settings/general/", {**sent, "x": "y"}).status_code == 422
    assert Tenant.objects.get(pk=in_acme.pk).undo_seconds == in_acme.undo_seconds


def test_support_access_is_granted_for_a_while_and_ended(as_admin, in_acme):
    as_admin.post("/settings/support/", {"hours": "8"})

    until = Tenant.objects.get(pk=in_acme.pk).support_access_until
    assert timedelta(hours=7) < until - timezone.now() <= timedelta(hours=8)
    assert as_admin.get("/settings/general/").context["page"].support_until
    as_admin.post("/settings/support/", {"do": "end"})
    assert Tenant.objects.get(pk=in_acme.pk).support_access_until is None
    as_admin.post("/settings/support/", {"hours": "9000"})
    assert Tenant.objects.get(pk=in_acme.pk).support_access_until is None


def test_a_reviewer_changes_no_settings(as_reviewer):
    assert as_reviewer.get("/settings/general/").status_code == 403
    assert as_reviewer.post("/settings/support/", {"hours": "8"}).status_code == 403


def test_display_is_kept_in_the_browser_and_the_language_with_the_person(as_viewer, viewer):
    as_viewer.post("/account/profile/", {"language": "de", "density": "compact"})

    viewer.refresh_from_db()
    assert viewer.language == "de"

    page = as_viewer.get("/account/profile/").content.decode()
    assert '<html lang="de"' in page
    assert 'data-pm-keys="off"' in page
    assert "pm-compact" in page
    assert as_viewer.post("/account/profile/", {"language": "xx", "density": "huge"}).status_code == 422
    viewer.refresh_from_db()
    assert viewer.language == "de"


def test_moments_are_shown_in_the_companys_time_zone(as_admin, in_acme):
    as_admin.post("/settings/general/", {"time_zone": "Asia/Tokyo", "language": "en", "undo_seconds": "30"})
    as_admin.post("/settings/support/", {"hours": "8"})

    until = Tenant.objects.get(pk=in_acme.pk).support_access_until
    shown = as_admin.get("/settings/general/").context["page"].support_until
    assert f"{(until + timedelta(hours=9)):%H:%M}" in shown


def test_setup_shows_each_step_as_the_data_says(as_admin, as_reviewer, in_acme):
    before = {step.title: step.done for step in as_admin.get("/setup/").context["page"].steps}
    rows.instance(state="ACTIVE")
    after = {step.title: step.done for step in as_admin.get("/setup/").context["page"].steps}

    assert (before["Connect WHMCS"], after["Connect WHMCS"]) == (False, True)
    assert (len(after), after["Invite a colleague"]) == (6, True)
    assert as_reviewer.get("/setup/").status_code == 403


def test_figures_are_written_as_this_browser_chose_whatever_its_language(as_viewer, as_reviewer, in_acme):
    rows.transfer("INV-1", "1234.50")

    as_viewer.post("/account/profile/", {"language": "en", "density": "comfortable", "numbers": "de"})

    assert "1.234,50\u00a0EUR" in as_viewer.get("/transactions/").content.decode()
    assert 'data-pm-numbers="de"' in as_viewer.get("/transactions/").content.decode()
    assert "1,234.50\u00a0EUR" in as_reviewer.get("/transactions/").content.decode()
    unknown = {"language": "en", "density": "comfortable", "numbers": "xx"}
    assert as_viewer.post("/account/profile/", unknown).status_code == 422
