"""What surrounds every page: the one banner, worst first, with its way on, and the state of the feeds."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from banking.models import BankAccount, BankConnection
from matching.models import AutomationStop
from payments.models import StripeConnection
from tenants.models import Tenant
from tests.factories import rows
from whmcs.models import Posting, WhmcsInstance


def shell_of(browser, path="/transactions/"):
    answer = browser.get(path)
    assert answer.status_code == 200, (answer.status_code, answer.headers)
    return answer.context["shell"]


@pytest.fixture
def bank(in_acme):
    """A connected bank that was fetched an hour ago; its consent ends in 90 days."""
    now = timezone.now()
    row = BankConnection.objects.create(
        institution_id="N", institution_name="Nordhaven", country="DE", state="LINKED",
        consent_ends_at=now + timedelta(days=90, hours=1),
    )  # fmt: skip
    rows.account(connection=row, last_success_at=now - timedelta(hours=1))
    return row


@pytest.fixture
def whmcs(in_acme):
    return rows.instance(last_success_at=timezone.now())


def stopped_posting():
    debt = rows.invoice("", "20.00")
    return Posting.objects.create(
        instance=debt.instance, invoice=debt, amount=20, currency="EUR", paid_at=rows.NOW, gateway="banktransfer",
        transaction_id=f"PM-{debt.pk}", not_before=rows.NOW, state="FAILED",
    )  # fmt: skip


def ends_in(bank, **delta):
    BankConnection.objects.filter(pk=bank.pk).update(consent_ends_at=timezone.now() + timedelta(**delta))


def test_a_new_tenant_has_no_banner_and_no_feed(as_owner):
    shell = shell_of(as_owner)

    assert (shell.banner, shell.feed) == (None, None)


def test_when_all_is_well_there_is_no_banner(as_owner, bank, whmcs):
    shell = shell_of(as_owner)

    assert (shell.banner, shell.feed.text, shell.feed.tone) == (None, "Feeds are up to date", "ok")


@pytest.mark.parametrize(
    ("left", "told_owner", "told_viewer"),
    [
        ({"days": 15, "hours": 1}, None, None),
        ({"days": 14, "hours": 1}, ("info", "The consent for Nordhaven ends in 14 days."), None),
        (
            {"days": 7, "hours": 1},
            ("warn", "The consent for Nordhaven ends in 7 days."),
            ("warn", "The consent for Nordhaven ends in 7 days."),
        ),
        (
            {"days": 1, "hours": 1},
            ("bad", "The consent for Nordhaven ends in 1 day."),
            ("bad", "The consent for Nordhaven ends in 1 day."),
        ),
        (
            {"hours": 5},
            ("bad", "The consent for Nordhaven ends within a day."),
            ("bad", "The consent for Nordhaven ends within a day."),
        ),
        (
            {"hours": -1},
            ("bad", "The consent for Nordhaven has ended. Newer payments are missing."),
            ("bad", "The consent for Nordhaven has ended. Newer payments are missing."),
        ),
    ],
)
def test_a_consent_is_told_earlier_to_those_who_can_renew_it(as_owner, as_viewer, bank, left, told_owner, told_viewer):
    ends_in(bank, **left)

    for browser, expected in ((as_owner, told_owner), (as_viewer, told_viewer)):
        found = shell_of(browser).banner
        assert (found and (found.tone, found.text)) == expected


def test_thirty_days_before_the_end_the_connections_page_says_so(as_owner, bank):
    ends_in(bank, days=30, hours=1)

    assert as_owner.get("/connections/").context["page"].notice == "The consent for Nordhaven ends in 30 days."
    ends_in(bank, days=31, hours=1)
    assert as_owner.get("/connections/").context["page"].notice == ""


def test_the_way_on_is_the_renewal_for_who_may_and_the_list_for_the_others(as_owner, as_viewer, bank):
    ends_in(bank, days=3)

    assert [(b.action, b.url) for b in (shell_of(as_owner).banner, shell_of(as_viewer).banner)] == [
        ("Renew consent", "/connections/"),
        ("Show connections", "/connections/"),
    ]


@pytest.mark.parametrize("state", ["EXPIRED", "SUSPENDED"])
def test_a_bank_that_gives_nothing_more_is_the_worst(as_viewer, bank, state):
    BankConnection.objects.update(state=state)
    stopped_posting()

    shell = shell_of(as_viewer)

    assert (shell.banner.tone, "Nordhaven" in shell.banner.text) == ("bad", True)
    assert (shell.feed.tone, shell.feed.text) == ("bad", "1 feed needs you")


def test_there_is_one_banner_and_support_access_is_told_below_it(as_owner, bank):
    support = "staff may look into your company"
    as_owner.post("/settings/support/", {"hours": "8"}, follow=True)
    alone = as_owner.get("/transactions/").content.decode()
    ends_in(bank, days=3)

    beside = as_owner.get("/transactions/").content.decode()

    assert [page.count('role="status"') for page in (alone, beside)] == [1, 1]
    assert alone.index(support) < alone.index("<h1")
    assert beside.index(support) > beside.index('<footer class="footer"')


def test_a_consent_that_was_renewed_is_not_spoken_of(as_owner, bank):
    BankConnection.objects.create(institution_id="N", institution_name="Nordhaven", country="DE", state="EXPIRED")

    assert shell_of(as_owner).banner is None


def test_what_was_removed_is_not_spoken_of(as_owner, bank, whmcs):
    BankConnection.objects.update(state="REVOKED", consent_ends_at=timezone.now() - timedelta(days=1))
    WhmcsInstance.objects.update(state="REMOVED")

    assert (shell_of(as_owner).banner, shell_of(as_owner).feed) == (None, None)


def test_a_stopped_bank_feed_is_said_with_its_day(as_viewer, bank):
    BankAccount.objects.update(last_success_at=timezone.now() - timedelta(days=2, hours=1))

    shell = shell_of(as_viewer)

    assert shell.banner.text.startswith("Bank feed stopped on ")
    assert (shell.banner.tone, shell.feed.text) == ("warn", "1 feed is late")


def test_a_paused_account_is_not_late(as_viewer, bank):
    BankAccount.objects.update(last_success_at=timezone.now() - timedelta(days=20), is_paused=True)

    assert shell_of(as_viewer).banner is None


def test_a_broken_whmcs_leads_to_its_credential(as_owner, as_reviewer, whmcs):
    WhmcsInstance.objects.update(state="BROKEN")

    banner = shell_of(as_owner).banner
    assert (banner.tone, banner.url) == ("bad", f"/connections/whmcs/{whmcs.public_id}/credential/")
    assert "nothing is posted" in banner.text
    assert shell_of(as_reviewer).banner.url == "/connections/"


def test_a_paused_whmcs_is_said_on_every_page_with_when_its_invoices_are_of(as_owner, as_viewer, bank, whmcs):
    rows.invoice("INV-1", "20.00")
    # Whatever its access is like: nobody has to mend what is left alone.
    WhmcsInstance.objects.update(state="BROKEN", is_paused=True, failures=3, last_error="no answer")

    shell = shell_of(as_owner, "/review/")

    assert (shell.banner.tone, shell.banner.action) == ("warn", "Resume it there")
    assert f"{whmcs.name} is paused: its invoices are as of" in shell.banner.text
    assert (shell.feed.text, shell.feed.tone) == ("1 feed is paused", "info")
    assert shell_of(as_viewer, "/reports/ageing/").banner.action == "Show connections"
    for page in ("/reports/ageing/", "/reports/three-way/", "/"):
        html = as_viewer.get(page).content.decode()
        assert (page, html.count("and approved payments wait")) == (page, 2)
    health = as_owner.get("/settings/health/").context["page"]
    assert (health.errors, [feed.chip.text for feed in health.feeds]) == ((), ["Paused", "Up to date"])


def test_a_whmcs_that_was_paused_before_it_was_read_says_so(as_viewer, in_acme):
    rows.instance(is_paused=True)

    assert "nothing is read from it" in shell_of(as_viewer).banner.text


def test_a_refused_stripe_key_is_said(as_viewer, in_acme):
    rows.stripe_connection()
    StripeConnection.objects.update(state="BROKEN")

    assert "Stripe refuses the key" in shell_of(as_viewer).banner.text


def test_postings_that_need_a_person_are_counted(as_viewer, whmcs):
    stopped_posting()
    stopped_posting()

    banner = shell_of(as_viewer).banner

    assert (banner.tone, banner.text, banner.url) == (
        "warn", "2 approved payments could not be posted to WHMCS.", "/postings/",
    )  # fmt: skip


def test_the_banner_and_the_chip_are_on_the_page(as_viewer, whmcs):
    stopped_posting()

    html = as_viewer.get("/review/").content.decode()

    assert '<a href="/postings/">Decide what happens</a>' in html
    assert "Feeds are up to date" in html


def test_the_shell_costs_the_same_with_more_of_everything(as_viewer, bank, whmcs, queries_of):
    stopped_posting()
    as_viewer.get("/transactions/")
    few = queries_of(lambda: as_viewer.get("/transactions/"))
    for serial in range(5):
        consent = BankConnection.objects.create(
            institution_id="N", institution_name=f"Bank {serial}", country="DE", state="EXPIRED"
        )
        rows.account(connection=consent)
        rows.instance(state="BROKEN")
        stopped_posting()

    assert queries_of(lambda: as_viewer.get("/transactions/")) == few


def test_another_tenants_trouble_is_not_shown(as_owner, globex):
    from tenants import context

    with context.inside(globex):
        rows.instance(state="BROKEN")
        stopped_posting()

    assert (shell_of(as_owner).banner, shell_of(as_owner).feed) == (None, None)


def test_automation_that_was_stopped_is_said_with_the_way_on(as_owner, as_viewer, in_acme):
    stop = AutomationStop.objects.create(
        raised_at=timezone.now(), surprise=9.0, tolerated=0.001, approved=40, corrected=3, engine_version="x"
    )

    owner, viewer = shell_of(as_owner).banner, shell_of(as_viewer).banner

    assert owner.tone == "warn"
    assert owner.text.endswith("3 automatic approvals were corrected.")
    assert (owner.url, viewer.url) == ("/reports/engine/", "/reports/engine/")
    AutomationStop.objects.filter(pk=stop.pk).update(state="RESUMED")
    assert shell_of(as_owner).banner is None


@pytest.fixture
def also_at_globex(owner, globex):
    """The owner of Acme is a viewer at Globex, too."""
    viewer = Membership.objects.filter(tenant=globex, role__code="viewer").first().role
    return Membership.objects.create(user=owner, tenant=globex, role=viewer)


def test_who_belongs_to_one_company_has_nothing_to_switch_to(as_owner, globex):
    assert shell_of(as_owner).companies == ()


def test_who_belongs_to_two_finds_the_sign_in_of_the_other(as_owner, as_viewer, also_at_globex):
    assert (
        '>Your other companies</div><nav aria-labelledby="pm-companies"><a class="pm-menu-item" href="http://globex.'
        in (as_owner.get("/transactions/").content.decode())
    )
    assert shell_of(as_viewer).companies == ()


@pytest.mark.parametrize("ended", ["membership", "company"])
def test_a_company_that_one_cannot_enter_is_not_offered(as_owner, also_at_globex, ended):
    if ended == "membership":
        Membership.objects.filter(pk=also_at_globex.pk).update(is_active=False)
    else:
        Tenant.objects.filter(pk=also_at_globex.tenant_id).update(state=Tenant.State.SUSPENDED)

    assert shell_of(as_owner).companies == ()
