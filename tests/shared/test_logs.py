"""What a log line may hold, whoever wrote it."""

import json
import logging
import sys

import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from payymo.shared.logs import JsonFormatter
from payymo.shared.redaction import redact


def line(message, *arguments, error=None, **extra):
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, arguments, error)
    for name, value in extra.items():
        setattr(record, name, value)
    return JsonFormatter().format(record)


@given(st.text(), st.text())
def test_whatever_is_logged_is_one_line_of_json(message, reason):
    written = line("%s", message, reason=reason)

    assert len(written.splitlines()) == 1
    assert written.isascii()
    assert json.loads(written)["level"] == "info"


def test_a_forged_line_stays_inside_its_message():
    written = line('sign-in\n{"level": "info", "message": "forged"}\r\n\u2028next')

    assert "\n" not in written
    assert json.loads(written)["message"].startswith("sign-in\n{")


def test_only_allowed_fields_are_written():
    written = json.loads(line("done", event="synced", count=3, password="hunter2", name="Erika", iban="DE"))

    assert {name for name in written} == {"at", "level", "logger", "message", "event", "count"}


SECRETS = {
    "stripe key": "rk_live_51H8abcdefGHIJKL",
    "webhook secret": "whsec_MfKQ9r8GKYqrTwjU",
    "api key": "pmk_Zm9vYmFyYmF6cXV4",
    "token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "vault token": "hvs.CAESIJlongtokenvalue",
    "aws key": "AKIAIOSFODNN7EXAMPLE",
    "iban": "DE89370400440532013000",
    "spaced iban": "DE89 3704 0044 0532 0130 00",
    "address": "erika.musterfrau+hosting@mail.example.org",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize(
    "around", ["%s", "refused: %s.", '{"value": "%s"}', "https://host.example/path/%s", "x=%s&y=1"]
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(secret, around):
    assert secret not in line(around % secret)


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2hunter2", "Password: hunter2hunter2", '{"secret": "hunter2hunter2"}', "token='hunter2hunter2'",
        "Authorization: Bearer hunter2hunter2", "Api-Key hunter2hunter2", "accesskey=hunter2hunter2&action=GetInvoice",
        "https://user:hunter2hunter2@host.example/", "GET /callback?ref=hunter2hunter2 HTTP/1.1",
        "https://host.example/path?code=hunter2hunter2", "DETAIL:  Key (email)=(hunter2hunter2) already exists.",
    ],
)  # fmt: skip
def test_what_stands_behind_a_telling_word_is_hidden(text):
    assert "hunter2" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "posting moved", "task refused: no tenant", "3 accounts fetched, 0 failed", "invoice RE-1042 of 119.00 EUR",
        "2026-11-20T09:30:00+00:00", "38000e9e-674f-4a20-9cd9-c07d1490ec42", "a token of another tenant was shown",
    ],
)  # fmt: skip
def test_plain_words_stay(text):
    assert redact(text) == text


@pytest.mark.parametrize("part", ["a", "/", "://", "DE89", "token=", "a.b@"])
def test_a_long_text_is_cut_before_it_is_looked_through(part):
    text = part * (2_000_000 // len(part))

    found = redact(text)

    # However much lies between, what is looked through, and so the time for it, stays the same.
    assert found == redact(text[:4000] + " [...] " + text[-4000:])
    assert len(found) < 20_000


def raised(act):
    try:
        act()
    except Exception:
        return sys.exc_info()
    raise AssertionError("nothing was raised")


def test_an_exception_says_where_and_what_without_secrets():
    def act():
        try:
            raise ValueError("password=hunter2hunter2")
        except ValueError as error:
            raise RuntimeError("for erika@example.org") from error

    written = json.loads(line("failed", error=raised(act)))["exception"]

    assert "test_logs.py" in written
    assert "builtins.ValueError: password=[hidden]" in written
    assert "builtins.RuntimeError: for [hidden]" in written


def test_a_database_error_names_the_constraint_and_no_value(acme):
    def act():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE held (name text CONSTRAINT held_once UNIQUE)")
            cursor.execute("INSERT INTO held VALUES ('Erika Musterfrau'), ('Erika Musterfrau')")

    error = raised(act)

    assert issubclass(error[0], IntegrityError)
    assert "Erika" in str(error[1])
    written = line("failed", error=error)
    assert "held_once" in written
    assert "Erika" not in written
