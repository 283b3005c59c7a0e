import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import Membership, SecurityEvent, User
from tenants.models import Tenant
from tests.accounts.conftest import PASSWORD

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMAIL = "reviewer@acme.example"


class Browser:
    """A browser with CSRF checks on."""

    def __init__(self, host="acme.localhost"):
        self.host = host
        self.client = Client(enforce_csrf_checks=True)

    def get(self, path, **headers):
        return self.client.get(path, headers={"host": self.host, **headers})

    def post(self, path, data, *, csrf=True, **headers):
        if csrf:
            self.get("/login/")
            data = {**data, "csrfmiddlewaretoken": self.client.cookies["payymo_csrf"].value}
        return self.client.post(path, data, headers={"host": self.host, **headers})

    def sign_in(self, email=EMAIL, password=PASSWORD, **more):
        return self.post("/login/", {"email": email, "password": password, **more})

    @property
    def who(self):
        answer = self.get("/probe/overview/")
        return answer.content.decode() if answer.status_code == 200 else None


@pytest.fixture
def browser(acme):
    return Browser()


def test_the_page_shows_a_form_with_a_csrf_token_and_is_kept_by_nobody(browser):
    answer = browser.get("/login/?next=/invoices/")

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    for needed in ('name="email"', 'name="password"', 'name="csrfmiddlewaretoken"', 'autocomplete="current-password"'):
        assert needed in text
    assert re.search(r'name="next" value="/invoices/"', text)


def test_signing_in_opens_a_session_and_goes_on_to_the_first_page(browser):
    answer = browser.sign_in()

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.who == "acme reviewer@acme.example reviewer"
    cookie = browser.client.cookies["payymo_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Strict", "")
    assert list(SecurityEvent.objects.values_list("kind", flat=True)) == ["signed_in"]


def test_who_comes_from_another_site_is_led_on_from_here_and_only_then_asked_to_sign_in(browser):
    path = "/connections/bank/callback/?ref=a%22b&error=x"

    from_elsewhere = browser.get(path, **{"sec-fetch-site": "cross-site"})
    from_here = browser.get(path, **{"sec-fetch-site": "same-origin"})

    assert from_elsewhere.status_code == 200
    assert 'content="0;url=/connections/bank/callback/?ref=a%22b&amp;error=x"' in from_elsewhere.content.decode()
    assert (from_here.status_code, from_here["Location"][:13]) == (302, "/login/?next=")


@pytest.mark.parametrize("link", ["/invite/secret/", "/password/reset/secret/"])
def test_a_link_in_a_mail_read_in_the_browser_begins_no_second_session(browser, link):
    from_mail = browser.get(link, **{"sec-fetch-site": "cross-site"})
    begun = "payymo_session" in browser.client.cookies
    from_here = browser.get(link, **{"sec-fetch-site": "same-origin"})

    assert (from_mail.status_code, begun) == (200, False)
    assert f'content="0;url={link}"' in from_mail.content.decode()
    assert from_here.status_code == 302
    assert "secret" not in from_here["Location"]


def test_what_another_site_sends_here_is_never_sent_again(browser):
    browser.get("/login/")
    token = browser.client.cookies["payymo_csrf"].value

    answer = browser.client.post(
        "/account/theme/",
        {"csrfmiddlewaretoken": token},
        headers={"host": "acme.localhost", "sec-fetch-site": "cross-site"},
    )

    assert answer.status_code in (302, 403)


def test_signing_in_gives_the_session_a_new_key(browser):
    browser.client.cookies["payymo_session"] = "a" * 32

    browser.sign_in()

    assert browser.client.cookies["payymo_session"].value != "a" * 32
    assert browser.who is not None


def test_without_the_csrf_token_nothing_happens(browser):
    answer = browser.post("/login/", {"email": EMAIL, "password": PASSWORD}, csrf=False)

    assert answer.status_code == 403
    assert (browser.who, SecurityEvent.objects.count()) == (None, 0)


def test_a_form_posted_from_another_origin_is_refused(browser):
    answer = browser.post("/login/", {"email": EMAIL, "password": PASSWORD}, origin="https://evil.example")

    assert (answer.status_code, browser.who) == (403, None)


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong"), ("nobody@acme.example", PASSWORD), ("reviewer@globex.example", PASSWORD)],
)
def test_every_refusal_reads_the_same(browser, email, password):
    answer = browser.sign_in(email, password)

    assert answer.status_code == 422
    assert "The e-mail address or the password is not right." in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert browser.who is None


@pytest.mark.parametrize(("email", "password"), [("", PASSWORD), (EMAIL, ""), ("x", PASSWORD), (EMAIL, "x" * 129)])
def test_a_form_that_is_not_filled_in_is_422_and_counts_nothing(browser, email, password):
    answer = browser.sign_in(email, password)

    assert (answer.status_code, SecurityEvent.objects.count()) == (422, 0)


def test_the_page_shares_the_guessing_limits_of_the_api(browser, acme_api):
    with time_machine.travel(START, tick=False):
        for _ in range(3):
            browser.sign_in(password="wrong")
        for _ in range(2):
            acme_api.post("auth/token/", {"email": EMAIL, "password": "wrong"})

        answer = browser.sign_in()

    assert (answer.status_code, answer["Retry-After"], browser.who) == (429, "31", None)
    assert "Too many sign-in attempts. Try again in 31 seconds." in answer.content.decode()


@pytest.mark.parametrize("where", ["/invoices/", "/review/?band=exact", "/probe/overview/"])
def test_next_leads_to_a_path_on_this_host(browser, where):
    assert browser.sign_in(next=where)["Location"] == where


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "evil.example",
        "https://acme.localhost@evil.example/",
        "http://acme.localhost/invoices/",
        " //evil.example",
        "/\t/evil.example",
        "\x00/invoices/",
    ],
)
def test_next_leads_nowhere_else(browser, where):
    assert browser.sign_in(next=where)["Location"] == "/"
    page = Browser().client.get("/login/", {"next": where}, headers={"host": "acme.localhost"})
    assert 'name="next"' not in page.content.decode()


def test_whoever_is_signed_in_is_sent_on(browser):
    browser.sign_in()

    assert browser.get("/login/?next=/invoices/")["Location"] == "/invoices/"


def test_signing_out_ends_the_session_for_good(browser):
    browser.sign_in()
    cookie = browser.client.cookies["payymo_session"].value

    answer = browser.client.post(
        "/logout/",
        {"csrfmiddlewaretoken": browser.client.cookies["payymo_csrf"].value},
        headers={"host": "acme.localhost"},
    )

    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    thief = Browser()
    thief.client.cookies["payymo_session"] = cookie
    assert (browser.who, thief.who) == (None, None)


def test_signing_out_needs_post_and_the_csrf_token(browser):
    browser.sign_in()

    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/", {}, csrf=False).status_code == 403
    assert browser.who is not None


def test_nobody_is_sent_to_sign_in_and_back(browser):
    answer = browser.get("/probe/overview/?a=1")

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/probe/overview/%3Fa%3D1")


def test_a_fragment_asks_for_a_new_sign_in_by_401(browser):
    assert browser.get("/probe/overview/", **{"hx-request": "true"}).status_code == 401


def test_a_fragment_with_the_token_of_a_session_before_asks_for_a_new_sign_in_by_401(browser):
    browser.sign_in()

    answer = browser.post("/logout/", {}, csrf=False, **{"hx-request": "true"})

    assert (answer.status_code, browser.who is None) == (401, False)


def test_a_colleague_without_the_right_gets_403(browser):
    browser.sign_in()

    assert browser.get("/probe/change/").status_code == 403


@pytest.mark.parametrize("ended", ["membership", "user", "password"])
def test_whatever_ends_a_member_ends_the_page_session_at_once(browser, acme, reviewer, ended):
    browser.sign_in()
    if ended == "membership":
        Membership.objects.filter(user=reviewer, tenant=acme).update(is_active=False)
    elif ended == "user":
        User.objects.filter(pk=reviewer.pk).update(is_active=False)
    else:
        user = User.objects.get(pk=reviewer.pk)
        user.set_password("another good password")
        user.save()

    assert browser.who is None


def test_a_suspended_tenant_shows_no_page(browser, acme):
    browser.sign_in()
    Tenant.objects.filter(pk=acme.pk).update(state=Tenant.State.SUSPENDED)

    assert browser.get("/probe/overview/").status_code == 503
    assert browser.get("/login/").status_code == 503


# --- Sessions of another host -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("member_of_both", [False, True])
def test_a_session_of_acme_is_nobody_at_globex_and_is_ended_by_the_attempt(browser, globex, reviewer, member_of_both):
    if member_of_both:
        role = Membership.objects.get(user=reviewer, tenant__slug="acme").role
        Membership.objects.create(user=reviewer, tenant=globex, role=role)
    browser.sign_in()
    thief = Browser("globex.localhost")
    thief.client.cookies["payymo_session"] = browser.client.cookies["payymo_session"].value

    assert thief.who is None
    assert browser.who is None


def test_a_tenants_session_is_nobody_on_the_staff_host(browser):
    browser.sign_in()
    thief = Browser("admin.localhost")
    thief.client.cookies["payymo_session"] = browser.client.cookies["payymo_session"].value

    answer = thief.get("/admin/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/")


def test_a_session_without_the_mark_of_a_host_is_nobody(browser, reviewer):
    browser.client.force_login(reviewer)

    assert browser.who is None


def test_a_session_ends_after_seven_days_though_it_is_used(browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        for _ in range(15):
            clock.shift(timedelta(hours=11))
            assert browser.who is not None

        clock.shift(timedelta(hours=3, seconds=1))
        assert browser.who is None


def test_a_session_ends_after_twelve_hours_without_use(browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(hours=11, minutes=59))
        assert browser.who is not None

        clock.shift(timedelta(hours=12))
        assert browser.who is None


def test_signing_in_as_somebody_else_replaces_the_session(browser):
    browser.sign_in()
    browser.client.post(
        "/logout/",
        {"csrfmiddlewaretoken": browser.client.cookies["payymo_csrf"].value},
        headers={"host": "acme.localhost"},
    )

    browser.sign_in("owner@acme.example")

    assert browser.who == "acme owner@acme.example owner"


# --- The staff host ---------------------------------------------------------------------------------------------------


def _staff_sign_in(email, password=PASSWORD):
    staff = Browser("admin.localhost")
    staff.get("/admin/login/")
    data = {
        "username": email,
        "password": password,
        "csrfmiddlewaretoken": staff.client.cookies["payymo_csrf"].value,
        "next": "/admin/",
    }
    return staff, staff.client.post("/admin/login/", data, headers={"host": "admin.localhost"})


def test_staff_sign_in_on_their_own_host(acme):
    staff, answer = _staff_sign_in("staff@payymo.example")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert staff.get("/admin/").status_code == 200


def test_a_member_of_a_tenant_does_not_enter_the_staff_host(acme):
    staff, answer = _staff_sign_in("owner@acme.example")

    assert answer.status_code == 200
    assert staff.get("/admin/").status_code == 302


def test_a_staff_session_is_nobody_at_a_tenant(acme):
    staff, _ = _staff_sign_in("staff@payymo.example")
    visitor = Browser()
    visitor.client.cookies["payymo_session"] = staff.client.cookies["payymo_session"].value

    assert visitor.who is None


def test_somebody_who_is_no_longer_staff_is_out_at_once(acme):
    staff, _ = _staff_sign_in("staff@payymo.example")
    User.objects.filter(email="staff@payymo.example").update(is_staff=False)

    assert staff.get("/admin/").status_code == 302


def test_staff_enter_a_tenant_only_while_it_grants_support_access(acme):
    staff, _ = _staff_sign_in("staff@payymo.example")
    assert staff.get("/admin/t/acme/").status_code == 404

    Tenant.objects.filter(pk=acme.pk).update(support_access_until=datetime.now(tz=UTC) + timedelta(minutes=5))

    assert staff.get("/admin/t/acme/")["Location"].startswith("/admin/t/acme/enter/")


@pytest.mark.parametrize(
    ("mode", "companies", "told"),
    [("demo", ["acme"], True), ("demo", ["globex"], False), ("production", ["acme"], False)],
)
def test_the_demos_password_is_told_where_it_is_true_alone(browser, settings, mode, companies, told):
    settings.MODE, settings.DEMO_TENANTS = mode, companies

    assert ("demo-demo-demo" in browser.get("/login/").content.decode()) is told
