"""The rules of sign-in that no other test is named after: cookies, the hash, kinds of token, recovery codes at once."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pyotp
import pytest
from django.conf import settings as configured
from django.db import connection

from accounts.hashers import Argon2idHasher
from accounts.models import Membership, Session, User
from accounts.services import link_tokens, second_factor, sessions
from tests.accounts import letters
from tests.accounts.browsing import browser, is_in, signed_in
from tests.accounts.test_administration import Caller
from tests.conftest import PASSWORD

EMAIL = "reviewer@acme.example"
CHECKOUT = Path(__file__).parents[2]
PRODUCTION = {
    "PAYYMO_MODE": "production",
    "SECRET_KEY": "s" * 50,
    "PAYYMO_MASTER_KEY": "bWFzdGVyLWtleS1vZi10aGlydHktdHdvLWJ5dGVzISE=",
    "DATABASE_URL": "postgres://web@db.example/payymo?sslmode=verify-full&sslcert=/etc/web.pem&sslkey=/etc/web.key",
    "REDIS_URL": "redis://:password@redis.example:6379/0",
    "PAYYMO_CACHE_URL": "redis://:other@cache.example:6379/0",
    "PAYYMO_STAFF_HOST": "admin.example",
}
ASK = """
import json
from payymo import settings as s
names = [name for name in dir(s) if name.startswith(("SESSION_COOKIE_", "CSRF_COOKIE_")) or name == "PASSWORD_HASHERS"]
more = {"second": s.SECOND_FACTOR_REQUIRED, "database": s.DATABASES["default"]}
more |= {"cache": s.CACHES["default"]["LOCATION"], "broker": s.CELERY_BROKER_URL}
print(json.dumps({**{name: getattr(s, name) for name in names}, **more}))
"""


@cache
def start_of(**more):
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    return subprocess.run(
        [sys.executable, "-c", ASK], cwd=CHECKOUT, env={**kept, **PRODUCTION, **more}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_in_production_cookies_are_host_bound_secure_and_closed_to_scripts():
    said = json.loads(start_of().stdout)

    assert said["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert said["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert (said["SESSION_COOKIE_SECURE"], said["CSRF_COOKIE_SECURE"], said["SESSION_COOKIE_HTTPONLY"]) == (True,) * 3
    assert (said["SESSION_COOKIE_SAMESITE"], said["CSRF_COOKIE_SAMESITE"]) == ("Strict", "Strict")
    assert said["second"] is True


def test_the_database_is_entered_with_a_certificate_in_place_of_a_password():
    found = json.loads(start_of().stdout)["database"]

    given = {name: found["OPTIONS"][name] for name in ("sslmode", "sslcert", "sslkey")}
    assert given == {"sslmode": "verify-full", "sslcert": "/etc/web.pem", "sslkey": "/etc/web.key"}
    assert (found["USER"], found["PASSWORD"]) == ("web", "")


def test_the_cache_has_a_server_apart_from_the_queue():
    said = json.loads(start_of().stdout)

    assert said["cache"] == "redis://:other@cache.example:6379/0"
    assert said["broker"] == "redis://:password@redis.example:6379/0"


@pytest.mark.parametrize(("algorithm", "starts"), [("PS256", True), ("none", False)])
def test_tokens_are_signed_in_no_other_way(algorithm, starts):
    assert (start_of(PAYYMO_TOKEN_ALGORITHM=algorithm).returncode == 0) is starts


def test_in_production_passwords_are_hashed_with_argon2id_of_at_least_46_mib():
    said = json.loads(start_of().stdout)

    assert said["PASSWORD_HASHERS"] == ["accounts.hashers.Argon2idHasher"]
    assert Argon2idHasher().encode("x" * 12, "salt" * 6).startswith("argon2$argon2id$v=19$m=65536,t=2,p=1$")
    assert Argon2idHasher.memory_cost >= 46 * 1024


@pytest.mark.parametrize(
    ("url", "starts"),
    [
        ("smtp+tls://user:password@mail.example:587", True),
        ("smtp://localhost:25", True),
        ("smtp://user:password@mail.example:25", False),
        ("filemail:", False),
        ("consolemail:", False),
    ],
)
def test_production_sends_no_link_over_an_open_line(url, starts):
    assert (start_of(PAYYMO_MAIL_URL=url).returncode == 0) is starts


@pytest.mark.parametrize("name", ["ACCESS_TOKEN_SECONDS", "REFRESH_TOKEN_SECONDS", "SESSION_SECONDS"])
def test_lifetimes_are_ten_minutes_twelve_hours_and_seven_days(name):
    expected = {"ACCESS_TOKEN_SECONDS": 600, "REFRESH_TOKEN_SECONDS": 43_200, "SESSION_SECONDS": 604_800}

    assert getattr(configured, name) == expected[name]


def test_no_kind_of_secret_is_taken_for_another(in_acme):
    owner = Caller("owner")
    pair = owner.call("post", "auth/token/", {"email": EMAIL, "password": PASSWORD}).json()
    key = owner.call("post", "api-keys/", {"name": "x", "scopes": ["review.view"]}).json()["key"]
    owner.call("post", "invitations/", {"email": "new@mail.example", "role": "viewer"})
    browser().post("/password/forgotten/", {"email": EMAIL})
    links = [letters.path_in(message) for message in letters.send()]
    invitation, reset = (link.rstrip("/").rpartition("/")[2] for link in sorted(links))
    secrets = {**pair, "key": key, "invitation": invitation, "reset": reset}

    for kind, secret in secrets.items():
        if kind != "access":
            assert browser(authorization=f"Bearer {secret}").get("/api/v1/auth/me/").status_code == 401, kind
        if kind != "key":
            assert browser(authorization=f"Api-Key {secret}").get("/api/v1/auth/me/").status_code == 401, kind
        if kind != "refresh":
            spent = Caller().call("post", "auth/token/refresh/", {"refresh": secret})
            assert spent.status_code == 401, kind
        for path, own in (("/invite/", "invitation"), ("/password/reset/", "reset")):
            if kind != own:
                client = browser()
                client.get(f"{path}{secret}/")
                assert client.get(path).status_code == 410, (kind, path)
    assert Caller().call("post", "auth/token/refresh/", {"refresh": pair["refresh"]}).status_code == 200


def test_link_tokens_have_256_bits_and_never_repeat():
    made = {link_tokens.new(link_tokens.INVITATION) for _ in range(1000)}

    assert len(made) == 1000
    assert {len(token) - 4 for token in made} == {43}


def test_of_six_uses_of_one_recovery_code_at_once_one_counts(committed_acme, reviewer):
    app = pyotp.TOTP(second_factor.begin(user=reviewer, issuer="Payymo").secret)
    now = datetime.now(UTC)
    codes = second_factor.confirm(user=reviewer, tenant=None, code=app.at(now), now=now)
    ready, right = threading.Barrier(6), []

    def spend():
        try:
            ready.wait(120)
            right.append(second_factor.use_code(user=reviewer, code=codes[3], now=now))
        finally:
            connection.close()

    try:
        threads = [threading.Thread(target=spend) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert sorted(right) == [False] * 5 + [True]
        assert second_factor.codes_left(reviewer) == 9
    finally:
        second_factor.reset(user=reviewer)


def test_a_removed_person_is_out_of_browser_and_api_on_the_next_request(in_acme):
    from accounts.services.removal import remove_user

    client, program = signed_in(EMAIL), Caller("reviewer")

    remove_user(user=User.objects.get(email=EMAIL), now=datetime.now(UTC))

    assert not is_in(client)
    assert program.call("get", "auth/me/").status_code == 401
    assert browser().post("/login/", {"email": EMAIL, "password": PASSWORD}).status_code == 422


def test_a_session_of_one_person_is_worthless_with_anothers_name(in_acme, owner):
    program = Caller("reviewer")
    Session.objects.filter(user__email=EMAIL).update(user=owner)

    assert program.call("get", "auth/me/").status_code == 401


def test_a_program_session_ends_seven_days_after_its_sign_in_though_it_is_refreshed(acme, reviewer, signing_key_made):
    start = datetime.now(UTC)
    membership = Membership.objects.get(user=reviewer, tenant=acme)
    pair, now = sessions.open_session(membership=membership, now=start), start
    from time_machine import travel

    with travel(start, tick=False) as clock:
        for _ in range(15):
            clock.shift(timedelta(hours=11))
            now += timedelta(hours=11)
            pair = sessions.refresh_session(refresh=pair.refresh, tenant=acme, now=now)
        clock.shift(timedelta(hours=3, seconds=30))
        now += timedelta(hours=3, seconds=30)
        with pytest.raises(sessions.InvalidToken):
            sessions.refresh_session(refresh=pair.refresh, tenant=acme, now=now)
