"""What a browser sees when something is refused or broken: words, what was saved, a reference and a way on."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError

from accounts.services.attempts import TooManyAttempts
from payymo.dashboard.middleware import RefusalMiddleware
from payymo.dashboard.views import errors
from payymo.notices.models import Endpoint
from payymo.shared.errors import BadInput, Conflict
from tenants.models import Tenant
from tests.dashboard.conftest import STAFF, Browser

FORM = "/settings/general/"


@pytest.fixture
def page_of(rf):
    """A request as the pages in front of the views leave it."""

    def build(path="/somewhere/", **more):
        request = rf.get(path, **more)
        request.request_id, request.htmx, request.is_staff_host = "0123456789abcdef", False, False
        return request

    return build


@pytest.mark.parametrize(
    ("before", "next_page"),
    [
        ("http://acme.localhost/review/?band=exact", "/review/%3Fband%3Dexact"),
        ("http://elsewhere.example/review/", "/"),
        ("", "/"),
    ],
)
def test_a_form_after_the_session_ended_leads_back_to_its_page_and_says_that_nothing_was_saved(
    anonymous, before, next_page
):
    answer = anonymous.post("/notifications/read/", {}, headers={"Referer": before} if before else {})

    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={next_page}")
    assert "You were signed out. Nothing was saved." in anonymous.get(answer["Location"]).content.decode()


def test_the_address_of_a_form_opened_as_a_page_says_so(as_owner):
    answer = as_owner.get("/notifications/read/")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "This address only takes a form. Nothing was saved." in answer.content.decode()
    assert answer["X-Request-Id"] in answer.content.decode()


def test_a_form_that_is_too_large_is_413_and_saves_nothing(as_owner):
    answer = as_owner.post("/settings/webhooks/", {"name": "x" * 1024 * 1024})

    assert (answer.status_code, Endpoint.objects.count()) == (413, 0)
    assert "Nothing was saved." in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (Conflict("Ana was faster."), 409, None),
        (BadInput("Choose a day."), 400, None),
        (TooManyAttempts(31, "Too often: wait %s."), 429, "31"),
    ],
)
def test_what_a_service_refuses_outside_a_form_is_a_page_in_its_words(page_of, error, status, retry_after):
    answer = RefusalMiddleware(lambda request: None).process_exception(page_of(), error)

    assert (answer.status_code, answer.get("Retry-After")) == (status, retry_after)
    assert str(error) in answer.content.decode()
    assert "0123456789abcdef" in answer.content.decode()


def test_what_nobody_foresaw_is_left_to_the_crash_page(page_of):
    assert RefusalMiddleware(lambda request: None).process_exception(page_of(), KeyError("x")) is None


def failed(request):
    try:
        raise OperationalError("connection refused")
    except OperationalError:
        return errors.server_error(request)


@pytest.mark.parametrize(("path", "kind"), [("/review/", "text/html"), ("/api/v1/invoices/", "application/problem")])
def test_without_a_database_it_is_503_and_with_one_500(in_acme, page_of, path, kind):
    with ThreadPoolExecutor(1) as elsewhere:
        # A thread of its own has no connection.
        off = elsewhere.submit(failed, page_of(path)).result()
    broken = failed(page_of(path))

    assert (off.status_code, off["Retry-After"], off["Content-Type"].startswith(kind)) == (503, "60", True)
    assert (broken.status_code, "Retry-After" in broken) == (500, False)
    assert all("0123456789abcdef" in answer.content.decode() for answer in (off, broken))


def test_staff_is_led_back_to_the_console(in_acme):
    answer = Browser(STAFF, tenant=in_acme).get("/nothing/")

    assert answer.status_code == 404
    assert 'href="/admin/"' in answer.content.decode()


@pytest.mark.parametrize("slug", ["acme", "nobody"])
def test_staff_without_access_reads_why_and_goes_back_to_the_console(in_acme, slug):
    Tenant.objects.filter(pk=in_acme.pk).update(support_access_until=None)

    answer = Browser(STAFF, tenant=in_acme).get(f"/admin/t/{slug}/review/")

    assert (answer.status_code, answer["Content-Type"].startswith("text/html")) == (404, True)
    assert "grants no support access now" in answer.content.decode()
    assert 'href="/admin/"' in answer.content.decode()


def test_pages_without_a_database_or_a_served_company_speak_the_browsers_language(anonymous, in_acme, page_of):
    german = {"Accept-Language": "de"}
    with ThreadPoolExecutor(1) as elsewhere:
        off = elsewhere.submit(failed, page_of(headers=german)).result()
    Tenant.objects.filter(pk=in_acme.pk).update(state=Tenant.State.SUSPENDED)
    suspended = anonymous.get("/review/", headers=german)

    assert (off.status_code, suspended.status_code) == (503, 503)
    assert "Payymo erreicht gerade seine Datenbank nicht" in off.content.decode()
    assert "Nichts ist verloren" in suspended.content.decode()
    assert suspended["X-Request-Id"] in suspended.content.decode()
