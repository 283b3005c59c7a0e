"""Pairing over the API: who may, and that the code is shown once."""

import pytest

from tests.factories import rows
from tests.whmcs.test_api import Api


@pytest.fixture
def instance(in_acme):
    return rows.instance()


def test_the_owner_gets_a_setup_code_and_the_state_never_shows_it(instance):
    owner, path = Api("owner"), f"whmcs-instances/{instance.public_id}/module/"

    assert owner.get(path).status_code == 404
    made = owner.post(path)
    shown = owner.get(path)

    assert made.status_code == 201
    assert made.json()["setup_code"].startswith("payymo1.")
    assert set(shown.json()) == {
        *("paired_at", "version", "php_version", "last_seen_at", "queued_events", "books_payments"),
    }
    assert owner.call("delete", path).status_code == 204
    assert owner.get(path).status_code == 404


@pytest.mark.parametrize("role", ["admin", "reviewer", "viewer"])
def test_nobody_else_pairs(instance, role):
    assert Api(role).post(f"whmcs-instances/{instance.public_id}/module/").status_code == 403


def test_a_stranger_finds_no_installation(instance, globex):
    stranger = Api("owner", tenant="globex")

    assert stranger.post(f"whmcs-instances/{instance.public_id}/module/").status_code == 404
