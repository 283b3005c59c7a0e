"""Each 403 is a line of the log that says who was refused what, and an answer that is none leaves no such line."""

import logging

import pytest

from accounts.models import User
from tests.dashboard.conftest import ACME, Browser
from tests.factories.callers import Caller


@pytest.fixture
def refusals(caplog):
    caplog.set_level(logging.INFO, "payymo.security")
    return lambda: [each for each in caplog.records if getattr(each, "event", "") == "access_refused"]


def told(record):
    return (record.tenant, record.actor, record.reason, record.status)


def test_a_refused_call_of_the_api_is_a_line_with_person_and_route(in_acme, viewer, refusals):
    answer = Caller("viewer").get("audit-log/")

    [line] = refusals()
    assert answer.status_code == 403
    assert told(line) == (str(in_acme.public_id), str(viewer.public_id), "GET api/v1/audit-log/", 403)


def test_a_refused_page_is_a_line_with_the_pattern_of_its_address(in_acme, viewer, refusals):
    someone = User.objects.get(email="reviewer@acme.example").public_id
    answer = Browser(ACME, tenant=in_acme, user=viewer).post(f"/members/{someone}/", {"do": "end"})

    [line] = refusals()
    assert answer.status_code == 403
    assert told(line)[:2] == (str(in_acme.public_id), str(viewer.public_id))
    assert line.reason == "POST members/<uuid:public_id>/"
    assert str(someone) not in str(line.__dict__)


def test_what_is_allowed_or_does_not_exist_is_no_refusal(in_acme, viewer, refusals):
    browser = Browser(ACME, tenant=in_acme, user=viewer)

    assert (browser.get("/transactions/").status_code, browser.get("/nowhere/").status_code) == (200, 404)
    assert refusals() == []
