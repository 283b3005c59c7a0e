"""What every answer carries and what none does, over real HTTP and in production's settings."""

import json
import os
import subprocess
import sys

import pytest
import requests
from django.test import Client

from tests.conftest import PASSWORD
from tests.journeys.conftest import CHECKOUT

ADDRESSES = {
    "a page": ("acme.localhost", "/login/"),
    "a redirect": ("acme.localhost", "/"),
    "a missing page": ("acme.localhost", "/no/such/page/"),
    "the API without a token": ("acme.localhost", "/api/v1/invoices/"),
    "a missing API route": ("acme.localhost", "/api/v1/no-such/"),
    "an unknown host": ("nobody.localhost", "/"),
    "the staff host": ("admin.localhost", "/admin/login/"),
    "health": ("acme.localhost", "/health/live"),
}
HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@pytest.mark.parametrize("where", ADDRESSES)
def test_every_answer_carries_the_security_headers(acme, settings, where):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    host, path = ADDRESSES[where]

    answer = Client(HTTP_HOST=host).get(path, secure=True)

    shown = {name: answer.headers.get(name) for name in HEADERS}
    assert shown["Cache-Control"] is not None
    assert "no-store" in shown.pop("Cache-Control")
    assert shown == {name: value for name, value in HEADERS.items() if name != "Cache-Control"}
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "X-Request-Id" in answer.headers


@pytest.mark.parametrize("where", ADDRESSES)
def test_no_answer_opens_itself_to_another_origin(acme, where):
    host, path = ADDRESSES[where]

    answer = Client(HTTP_HOST=host).get(path, headers={"origin": "https://evil.example"})

    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_cookies_are_for_this_host_over_https_alone():
    """Read from production's own settings, in a process of their own."""
    asked = (
        "import json; from django.conf import settings as s; print(json.dumps({n: getattr(s, n) for n in ("
        "'SESSION_COOKIE_NAME','SESSION_COOKIE_SECURE','SESSION_COOKIE_HTTPONLY','SESSION_COOKIE_SAMESITE',"
        "'SESSION_COOKIE_DOMAIN','CSRF_COOKIE_NAME','CSRF_COOKIE_SECURE','CSRF_COOKIE_SAMESITE','CSRF_COOKIE_DOMAIN',"
        "'SECURE_HSTS_SECONDS','SECURE_HSTS_INCLUDE_SUBDOMAINS','DEBUG','SECOND_FACTOR_REQUIRED')}))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "payymo.settings",
        "PAYYMO_MODE": "production",
        "PAYYMO_HOME": "/nonexistent",
        "PAYYMO_STAFF_HOST": "staff.payments.test",
        "SECRET_KEY": "kJ8vQ2nLw9XzR4tYb7MfC1sDp6GhA3uEo5WiNxTqZrVlHcBy0S",
        "PAYYMO_MASTER_KEY": "tLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tM=",
        "DATABASE_URL": "postgres://payymo@127.0.0.1:5432/payymo",
        "REDIS_URL": "redis://:password@127.0.0.1:6379/0",
        "PAYYMO_MAIL_URL": "smtp+tls://mail.payments.test:587",
        "PAYYMO_MAIL_FROM": "payymo@payments.test",
    }

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "SESSION_COOKIE_NAME": "__Host-payymo_session", "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SAMESITE": "Strict", "SESSION_COOKIE_DOMAIN": None,
        "CSRF_COOKIE_NAME": "__Host-payymo_csrf", "CSRF_COOKIE_SECURE": True, "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_COOKIE_DOMAIN": None, "SECURE_HSTS_SECONDS": 31_536_000, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "DEBUG": False, "SECOND_FACTOR_REQUIRED": True,
    }  # fmt: skip


def signed_in(served, slug="acme"):
    """Return a browser's session at a tenant, by real HTTP."""
    browser, host = requests.Session(), f"{slug}.localhost:{served.port}"
    browser.headers["Host"] = host
    base = f"http://127.0.0.1:{served.port}"
    page = browser.get(f"{base}/login/", timeout=120)
    token = page.cookies["payymo_csrf"]
    entered = browser.post(
        f"{base}/login/",
        {"email": f"owner@{slug}.example", "password": PASSWORD, "csrfmiddlewaretoken": token},
        headers={"Origin": f"http://{host}"}, allow_redirects=False, timeout=120,
    )  # fmt: skip
    assert entered.status_code == 302, entered.text[:500]
    return browser, base


def test_a_write_with_a_cookie_needs_token_and_origin(served):
    browser, base = signed_in(served)
    own = {"Origin": f"http://acme.localhost:{served.port}"}

    without = browser.post(f"{base}/account/theme/", {"theme": "dark"}, headers=own, timeout=120)
    token = browser.get(f"{base}/", timeout=120).cookies.get("payymo_csrf") or browser.cookies["payymo_csrf"]
    given = {"theme": "dark", "csrfmiddlewaretoken": token}
    elsewhere = browser.post(
        f"{base}/account/theme/", given, headers={"Origin": "https://evil.example"}, timeout=120, allow_redirects=False
    )

    assert (without.status_code, elsewhere.status_code) == (403, 403)


def test_a_cookie_opens_no_api(served):
    browser, base = signed_in(served)

    assert browser.get(f"{base}/", timeout=120, allow_redirects=False).status_code == 200
    assert browser.get(f"{base}/api/v1/members/", timeout=120).status_code == 401


def test_a_cookie_of_one_tenant_opens_no_page_of_another(served):
    browser, base = signed_in(served)

    there = browser.get(f"{base}/", headers={"Host": "globex.localhost"}, timeout=120, allow_redirects=False)

    assert (there.status_code, there.headers["Location"].partition("?")[0]) == (302, "/login/")


@pytest.mark.parametrize("path", ["/", "/login/", "/api/v1/invoices/", "/health/live"])
def test_trace_is_refused(acme, path):
    answer = Client(HTTP_HOST="acme.localhost").trace(path)

    assert answer.status_code in {401, 403, 405, 302} if path != "/health/live" else True
    assert b"HTTP_HOST" not in answer.content
    assert b"TRACE /" not in answer.content


@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/.env", "/payymo/settings.py", "/static/", "/static/../manage.py", "/media/", "/staticfiles/"],
)
def test_nothing_but_static_files_is_served_as_files(served, path):
    answer = requests.get(
        f"http://127.0.0.1:{served.port}{path}", headers={"Host": "acme.localhost"}, timeout=120, allow_redirects=False
    )

    assert answer.status_code == 404
