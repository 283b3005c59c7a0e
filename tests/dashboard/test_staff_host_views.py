"""The staff host: Payymo's staff, nobody else, and a tenant only while it grants support access."""

import re
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Role, User
from matching.core.scoring import shipped_model
from matching.models import Decision, EngineModel
from matching.services import proposing, teamwork
from payments.models import StripePayment
from payymo.audit.models import AuditEntry
from tenants.models import Tenant, TenantFigure
from tests.dashboard.conftest import ACME, STAFF, Browser
from tests.factories import rows
from whmcs.models import Invoice


@pytest.fixture
def staff(in_acme):
    return User.objects.get(email="staff@payymo.example")


@pytest.fixture
def as_staff(in_acme, staff):
    return Browser(STAFF, tenant=in_acme, user=staff, is_staff_host=True)


@pytest.fixture
def payment(in_acme):
    rows.invoice("INV-1042", "119.00")
    row = rows.transfer("INV-1042 hosting", "119.00")
    proposing.propose(receipts=[row], now=timezone.now())
    return row


DOOR = "/admin/t/acme/enter/"
WHY = {"reason": "asked", "reference": "T-1042"}


@pytest.fixture
def granted(in_acme):
    Tenant.objects.filter(pk=in_acme.pk).update(support_access_until=timezone.now() + timedelta(hours=1))


@pytest.fixture
def support(granted, as_staff):
    assert as_staff.post(DOOR, WHY).status_code == 303


PLATFORM = ["/admin/", "/admin/tenants/tenant/", "/admin/accounts/user/", "/admin/accounts/membership/"]
INSIDE = ["", "review/", "payments/stripepayment/", "whmcs/invoice/", "whmcs/posting/", "matching/decision/"]


@pytest.mark.parametrize("path", PLATFORM)
def test_staff_sees_the_platform(as_staff, path):
    assert as_staff.get(path).status_code == 200


@pytest.mark.parametrize("path", INSIDE)
def test_staff_sees_a_tenant_while_it_grants_access(as_staff, payment, support, path):
    assert as_staff.get(f"/admin/t/acme/{path}").status_code == 200


@pytest.mark.parametrize("path", INSIDE)
def test_staff_does_not_see_a_tenant_without_access(as_staff, payment, path):
    assert as_staff.get(f"/admin/t/acme/{path}").status_code == 404


def test_support_access_that_has_ended_lets_nobody_in(as_staff, payment, in_acme):
    Tenant.objects.filter(pk=in_acme.pk).update(support_access_until=timezone.now() - timedelta(seconds=1))

    assert as_staff.get("/admin/t/acme/review/").status_code == 404


def test_a_review_that_is_still_open_says_that_the_access_has_ended(as_staff, payment, support, in_acme):
    Tenant.objects.filter(pk=in_acme.pk).update(support_access_until=timezone.now() - timedelta(seconds=1))

    answer = as_staff.post(f"/admin/t/acme/review/{payment.public_id}/approve/", {}, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert answer.content.decode() == "Support access to this company has ended. Nothing was saved."
    assert not Decision.objects.exists()


def test_who_is_not_let_in_reads_why_in_their_own_language(as_staff, payment):
    answer = as_staff.get("/admin/t/acme/review/", headers={"Accept-Language": "de"})

    assert "Diese Firma gewährt dem Support gerade keinen Zugang" in answer.content.decode()


def test_access_to_one_tenant_is_none_to_another(as_staff, globex, support):
    assert as_staff.get("/admin/t/globex/review/").status_code == 404


def test_staff_decides_under_its_own_name(as_staff, payment, support):
    shown = as_staff.get(f"/admin/t/acme/review/{payment.public_id}/")
    panel = shown.context["page"].panel
    assert (shown.status_code, panel.urls.approve) == (200, f"/admin/t/acme/review/{payment.public_id}/approve/")

    answer = as_staff.post(panel.urls.approve, {"version": panel.version})

    assert (answer.status_code, answer["Location"]) == (303, "/admin/t/acme/review/")
    decision = Decision.objects.get()
    assert (decision.source, decision.kind) == ("staff", "APPROVE")


def test_a_tenants_owner_is_refused_on_the_staff_host(in_acme, owner, payment, support):
    browser = Browser(STAFF, tenant=in_acme, user=owner, is_staff_host=True)

    for path in ("/admin/", "/admin/tenants/tenant/", "/admin/t/acme/", "/admin/t/acme/review/"):
        answer = browser.get(path)
        assert (path, answer.status_code, "/login/" in answer["Location"]) == (path, 302, True)
    sent = browser.post(f"/admin/t/acme/review/{payment.public_id}/approve/")

    assert sent.status_code == 302
    assert not Decision.objects.exists()


def test_staff_is_nobody_on_a_tenants_host(in_acme, staff, payment, support):
    browser = Browser(ACME, tenant=in_acme, user=staff)

    answer = browser.get("/review/")

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/review/")


def test_a_session_of_the_staff_host_is_worth_nothing_on_a_tenants_host(as_staff, in_acme, owner):
    elsewhere = Browser(ACME, tenant=in_acme)
    elsewhere.cookies = as_staff.cookies

    assert elsewhere.get("/").status_code == 302


@pytest.mark.parametrize("path", ["/", "/review/", "/login/", "/transactions/", "/api/v1/transactions/"])
def test_the_staff_host_serves_no_tenants_page(as_staff, path):
    assert as_staff.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/admin/", "/admin/t/acme/review/"])
def test_a_tenants_host_serves_no_console(as_owner, support, path):
    assert as_owner.get(path).status_code == 404


def visits():
    found = AuditEntry.objects.filter(action__startswith="staff.").order_by("pk")
    return [(entry.action, entry.actor_kind) for entry in found]


@pytest.mark.parametrize("path", ["/admin/t/acme/", "/admin/t/acme/review/", "/admin/t/acme/banking/bankaccount/"])
def test_who_gave_no_reason_is_asked_for_one_first(as_staff, payment, granted, path):
    sent = as_staff.get(path)

    assert (sent.status_code, sent["Location"]) == (303, f"{DOOR}?{urlencode({'next': path})}")
    door = as_staff.get(sent["Location"])
    assert (door.status_code, b"pm-strip" in door.content, visits()) == (200, False, [])
    assert as_staff.post(DOOR, {**WHY, "next": path})["Location"] == path
    assert as_staff.get(path).status_code == 200


def test_no_reason_is_chosen_for_whoever_enters(as_staff, granted):
    assert "checked" not in as_staff.get(DOOR).content.decode()
    assert as_staff.post(DOOR, {}).status_code == 422


def test_without_a_reason_nothing_is_decided(as_staff, payment, granted):
    assert as_staff.post(f"/admin/t/acme/review/{payment.public_id}/approve/").status_code == 303
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "given", [{}, {"reason": "curious"}, {**WHY, "reference": "Mrs Miller"}, {**WHY, "reference": "1" * 41}]
)
def test_a_reason_that_is_none_opens_nothing(as_staff, granted, given):
    assert as_staff.post(DOOR, given).status_code == 422
    assert (visits(), as_staff.get("/admin/t/acme/").status_code) == ([], 303)


def test_who_is_asked_for_the_reason_is_sent_to_no_other_site(as_staff, granted):
    assert as_staff.post(DOOR, {**WHY, "next": "https://evil.example/"})["Location"] == "/admin/t/acme/"


def test_an_access_that_is_granted_anew_asks_anew(as_staff, support, in_acme):
    assert as_staff.get("/admin/t/acme/").status_code == 200

    Tenant.objects.filter(pk=in_acme.pk).update(support_access_until=timezone.now() + timedelta(hours=3))

    assert as_staff.get("/admin/t/acme/").status_code == 303


def test_the_tenant_reads_why_staff_came(as_owner, support):
    for page in ("/settings/general/", "/activity/changes/"):
        assert b"The company asked for help" in as_owner.get(page).content
    entry = AuditEntry.objects.get(action="staff.entered")
    assert entry.details == {"reason": "asked", "reference": "T-1042"}


def test_coming_in_and_leaving_stand_in_the_tenants_own_log(as_staff, payment, support, staff):
    page = as_staff.get("/admin/t/acme/")
    as_staff.get("/admin/t/acme/review/")
    assert b'action="/admin/t/acme/leave/"' in page.content
    assert b"Leave Acme" in page.content
    assert visits() == [("staff.entered", "staff")]

    answer = as_staff.post("/admin/t/acme/leave/")

    assert (answer.status_code, answer["Location"]) == (303, "/admin/")
    assert visits() == [("staff.entered", "staff"), ("staff.left", "staff")]
    assert set(AuditEntry.objects.filter(action="staff.left").values_list("actor_id", flat=True)) == {staff.public_id}
    assert as_staff.get("/admin/t/acme/").status_code == 303
    as_staff.post(DOOR, WHY)
    assert [action for action, _ in visits()] == ["staff.entered", "staff.left", "staff.entered"]


def test_nobody_leaves_by_a_link_or_without_access(as_staff, payment, support, in_acme, owner):
    assert as_staff.get("/admin/t/acme/leave/").status_code == 405
    Tenant.objects.filter(pk=in_acme.pk).update(support_access_until=None)
    assert as_staff.post("/admin/t/acme/leave/").status_code == 404
    assert "staff.left" not in [action for action, _ in visits()]


def test_a_tenant_without_access_gets_no_entry(as_staff, payment):
    as_staff.get("/admin/t/acme/")

    assert visits() == []


@pytest.fixture
def versions(in_acme):
    base = shipped_model().version
    states = ("KEPT", "IN_USE", "REFUSED")
    return [
        EngineModel.objects.create(
            number=number, version=f"{base}+{number}", base_version=base, state=state, trained_at=timezone.now()
        )
        for number, state in enumerate(states, 1)
    ]


def use(browser, *chosen):
    fields = {"action": "use_version", "_selected_action": [row.pk for row in chosen]}
    browser.post("/admin/t/acme/matching/enginemodel/", fields)
    return EngineModel.objects.get(state="IN_USE").number


def test_staff_puts_an_earlier_version_of_the_engine_to_use(as_staff, support, versions):
    assert use(as_staff, versions[0]) == 1
    assert AuditEntry.objects.filter(action="engine.chosen").count() == 1


def test_staff_cannot_use_a_refused_version_or_two_at_once(as_staff, support, versions):
    assert use(as_staff, versions[2]) == 2
    assert use(as_staff, versions[0], versions[2]) == 2


def test_staff_changes_no_version_without_support_access(as_staff, versions):
    assert use(as_staff, versions[0]) == 2


def test_suggestions_are_listed_with_source_age_and_who_looks_after_them(
    as_staff, payment, support, reviewer, queries_of
):
    path = "/admin/t/acme/matching/proposal/"
    one = queries_of(lambda: as_staff.get(path))
    invoice = rows.invoice("INV-1043", "49.00")
    more = [rows.transfer(invoice.number, "49.00", end_to_end_id=f"E{number}") for number in range(3)]
    proposing.propose(receipts=more, now=timezone.now())
    handed = {"receipt_id": more[0].public_id, "assignee_id": reviewer.pk, "assigned_by": reviewer}
    teamwork.assign_receipt(**handed, now=timezone.now())

    listed = as_staff.get(path).content.decode()

    assert [word in listed for word in ("119.00", "Bank", "119.000")] == [True, True, False]
    assert reviewer.display_name in listed
    assert queries_of(lambda: as_staff.get(path)) == one


def test_what_came_today_is_of_today(as_staff, support, in_acme):
    Tenant.objects.filter(pk=in_acme.pk).update(time_zone="Pacific/Kiritimati")
    in_acme.refresh_from_db()
    today = timezone.now().astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    proposing.propose(receipts=[rows.transfer("hosting", "9.00", booking_date=today)], now=timezone.now())

    listed = as_staff.get("/admin/t/acme/matching/proposal/").content.decode()

    assert '<td class="field-age">today</td>' in listed


@pytest.mark.parametrize(
    ("language", "outside", "inside"),
    [
        ("en", "20 Nov 2026, 09:30 UTC", "20 Nov 2026, 18:30 JST"),
        ("de", "20. Nov. 2026, 09:30 UTC", "20. Nov. 2026, 18:30 JST"),
    ],
)
def test_moments_have_their_zone(as_staff, staff, support, in_acme, language, outside, inside):
    Tenant.objects.filter(pk=in_acme.pk).update(time_zone="Asia/Tokyo", created_at=rows.NOW)
    User.objects.filter(pk=staff.pk).update(language=language)
    client = rows.client()

    assert outside in as_staff.get(f"/admin/tenants/tenant/{in_acme.pk}/change/").content.decode()
    assert inside in as_staff.get(f"/admin/t/acme/whmcs/client/{client.pk}/change/").content.decode()


def test_only_what_staff_changes_has_a_history(as_staff, staff, payment, support):
    def offers(path):
        return b"historylink" in as_staff.get(path).content

    assert offers(f"/admin/accounts/user/{staff.pk}/change/")
    assert not offers(f"/admin/t/acme/banking/banktransaction/{payment.pk}/change/")


def test_a_role_is_looked_at_and_never_saved(as_staff):
    role = Role.objects.get(code="viewer", tenant=None)
    path = f"/admin/accounts/role/{role.pk}/change/"

    assert b'name="_save"' not in as_staff.get(path).content
    assert as_staff.post(path, {"_save": "Save"}).status_code == 403


def test_tenants_are_listed_with_their_numbers(as_staff, in_acme):
    TenantFigure.objects.create(tenant=in_acme, name="payments_to_review", value=1234, noted_at=timezone.now())
    for label, seconds in (("bank", 60), ("stripe", 7200)):
        TenantFigure.objects.create(
            tenant=in_acme, name="feed_age_seconds", label=label, value=seconds, noted_at=timezone.now()
        )

    listed = as_staff.get("/admin/tenants/tenant/").content.decode()

    assert [word in listed for word in ("1,234", "2 hr")] == [True, True]


def test_rows_are_called_what_people_know_them_by_and_name_nobody(as_staff, payment, support):
    invoice = Invoice.objects.get()
    rows.charge(amount="9.00", name="Eva Kowalska")

    shown = as_staff.get(f"/admin/t/acme/banking/banktransaction/{payment.pk}/change/").content.decode()

    assert f"bank transaction {payment.booking_date} 119.00 EUR" in shown
    assert f"bank account … {payment.account.iban_last4} EUR" in shown
    assert str(invoice) == "invoice INV-1042"
    named = [str(row) for row in (payment, invoice.client, StripePayment.objects.get())]
    assert [
        name for name in (payment.counterparty_name, invoice.client.display_name, "Eva") if name in "".join(named)
    ] == []


def test_staff_sees_when_automation_was_stopped(as_staff, support):
    assert as_staff.get("/admin/t/acme/matching/automationstop/").status_code == 200


def test_the_console_offers_no_page_that_this_host_has_not(as_staff):
    console = as_staff.get("/admin/")

    assert (console.status_code, console.context["site_url"]) == (200, None)
    assert 'href="/"' not in console.content.decode()


def test_staff_chooses_its_language_and_reads_the_console_in_it(as_staff, staff, payment, support):
    answer = as_staff.post("/admin/language/", {"language": "de"})

    staff.refresh_from_db()
    assert (answer.status_code, answer["Location"], staff.language) == (303, "/admin/", "de")
    assert answer.cookies["django_language"].value == "de"
    platform = as_staff.get("/admin/tenants/tenant/", headers={"accept-language": "en"}).content.decode()
    assert [word in platform for word in ("Mitarbeiter von Payymo", "Kurzname", "Aktiv")] == [True] * 3
    inside = as_staff.get(f"/admin/t/acme/banking/banktransaction/{payment.pk}/change/").content.decode()
    assert [word in inside for word in ("Verwendungszweck", "leer: wartet auf die Zuordnung")] == [True] * 2


def test_a_language_that_payymo_has_not_is_refused_on_the_console(as_staff, staff):
    refused = as_staff.post("/admin/language/", {"language": "tlh"})

    staff.refresh_from_db()
    assert (refused.status_code, staff.language) == (422, "")


def test_before_signing_in_the_console_speaks_the_browsers_language(in_acme):
    page = Browser(STAFF, tenant=in_acme).get("/admin/login/", headers={"accept-language": "de-AT,de"})

    assert '<html lang="de"' in page.content.decode()
    assert "Code Ihrer Authentifizierungs-App" in page.content.decode()


@pytest.mark.parametrize(("currency", "written"), [("EUR", "1190.00"), ("JPY", "1190"), ("KWD", "1190.000")])
def test_a_row_shows_its_amounts_in_their_currencys_own_digits(as_staff, support, in_acme, currency, written):
    debt = rows.invoice("INV-1", "1190", currency=currency)

    html = as_staff.get(f"/admin/t/acme/whmcs/invoice/{debt.pk}/change/").content.decode()

    shown = re.search(r'field-total\b.*?<div class="readonly">(.*?)</div>', html, re.DOTALL)
    assert shown.group(1) == written


def test_the_staffs_review_writes_figures_as_this_browser_chose(as_staff, payment, support):
    as_staff.cookies["payymo_numbers"] = "de"

    assert 'data-pm-numbers="de"' in as_staff.get("/admin/t/acme/review/").content.decode()
