"""The audit log over the API: what is recorded on the way, who may read it, and how it is narrowed."""

import pytest
from django.test import Client

from accounts.models import User
from payymo.audit import acting
from payymo.audit.acting import Acting
from payymo.audit.services.recording import record
from tests.conftest import PASSWORD


def sign_in(who, slug="acme"):
    answer = Client().post(
        "/api/v1/auth/token/",
        {"email": f"{who}@{slug}.example", "password": PASSWORD},
        content_type="application/json",
        headers={"host": f"{slug}.localhost"},
    )
    return {"host": "acme.localhost", "authorization": f"Bearer {answer.json()['access']}"}


@pytest.fixture
def log(committed_acme):
    """Some acts of acme, committed, and so in the chain."""
    for position in range(3):
        record(action="import.committed", by=Acting("system"), details={"new": position})


def read(headers, query=""):
    return Client().get(f"/api/v1/audit-log/{query}", headers=headers)


def test_an_administrator_reads_the_log_newest_first(log, admin_id):
    rows = read(sign_in("admin")).json()["results"]

    assert [row["number"] for row in rows] == [4, 3, 2, 1]
    assert (rows[0]["action"], rows[0]["actor_kind"], rows[0]["actor"]) == ("security.signed_in", "person", admin_id)
    assert (rows[1]["details"], rows[1]["label"], len(rows[1]["hash"])) == ({"new": 2}, "Imported a statement", 64)


@pytest.fixture
def admin_id(committed):
    return str(User.objects.get(email="admin@acme.example").public_id)


@pytest.mark.parametrize(
    ("who", "slug", "status"), [("viewer", "acme", 403), ("reviewer", "acme", 403), ("owner", "globex", 401)]
)
def test_only_administrators_and_owners_read_it(log, who, slug, status):
    assert read(sign_in(who, slug)).status_code == status


def test_the_log_is_narrowed_and_paged(log):
    headers = sign_in("owner")

    first = read(headers, "?action=import.committed&page_size=2").json()

    assert [row["details"]["new"] for row in first["results"]] == [2, 1]
    rest = Client().get(first["next"].split("localhost", 1)[1], headers=headers).json()
    assert [row["details"]["new"] for row in rest["results"]] == [0]
    assert read(headers, "?until=2000-01-01T00:00:00Z").json()["results"] == []


@pytest.mark.parametrize("query", ["?action=unknown", "?since=yesterday", "?actor=1", "?colour=red"])
def test_a_filter_that_makes_no_sense_is_refused(log, query):
    assert read(sign_in("owner"), query).status_code == 400


def test_a_request_names_who_acts_and_the_next_one_forgets_it(log, committed):
    headers = sign_in("admin")
    read(headers)

    assert acting.current() == acting.SYSTEM
