"""Pairing the addon module in the browser: the code is shown once, and ending it ends the key."""

import re

import pytest
from django.utils import timezone

from accounts.models import ApiKey
from tests.factories import rows
from whmcs.models import AddonModule
from whmcs.services import connection


@pytest.fixture
def address(in_acme):
    return f"/connections/whmcs/{rows.instance().public_id}/module/"


def test_the_setup_code_is_in_the_answer_that_made_it_and_nowhere_else(as_owner, address):
    made = as_owner.post(f"{address}pair/")

    code = made.context["page"].setup_code
    assert (made.status_code, code[:8]) == (200, "payymo1.")
    assert code in made.content.decode()
    assert code not in as_owner.get(address).content.decode()
    assert as_owner.get(address).context["page"].chip.text == "Waiting for WHMCS"


def test_a_page_with_a_new_setup_code_that_is_loaded_again_makes_no_other(as_owner, address):
    def form_in(answer):
        return {"version": re.search(r'name="version" value="([^"]+)"', answer.content.decode()).group(1)}

    sent = form_in(as_owner.get(address))
    first, again = (as_owner.post(f"{address}pair/", sent) for _ in range(2))

    assert (first.status_code, again.status_code, again.context["page"].setup_code) == (200, 422, "")
    assert "made already" in again.content.decode()
    assert ApiKey.objects.get().revoked_at is None
    # A new one takes the place of the one before, for whoever asks for it.
    assert as_owner.post(f"{address}pair/", form_in(again)).status_code == 200
    assert (ApiKey.objects.count(), ApiKey.objects.filter(revoked_at=None).count()) == (2, 1)


def test_a_module_that_was_heard_shows_what_it_said(as_viewer, as_owner, address):
    as_owner.post(f"{address}pair/")
    AddonModule.objects.update(
        last_seen_at=timezone.now(), version="1.0.0", php_version="8.2.7", queued_events=12, books_payments=True
    )

    page = as_viewer.get(address).context["page"]

    shown = {fact.label: fact.text for fact in page.facts}
    assert (page.chip.text, page.pair_url, page.remove_url) == ("Connected", "", "")
    assert (shown["Version"], shown["Events waiting in WHMCS"]) == ("1.0.0", "12")
    assert shown["Payments are booked"] == "through the module"


@pytest.mark.parametrize("end", ["revoked_at", "expires_at"])
def test_a_key_that_ended_is_said_before_anything_else(as_owner, address, end):
    as_owner.post(f"{address}pair/")
    AddonModule.objects.update(last_seen_at=timezone.now())
    ApiKey.objects.update(**{end: timezone.now()})

    assert as_owner.get(address).context["page"].chip.text == "Key ended"


def test_ending_the_pairing_ends_the_key(as_owner, address):
    as_owner.post(f"{address}pair/")

    ended = as_owner.post(f"{address}remove/")

    assert (ended.status_code, ended["Location"]) == (303, address)
    assert not AddonModule.objects.exists()
    assert not ApiKey.objects.filter(revoked_at=None).exists()
    assert as_owner.get(address).context["page"].chip.text == "Not paired"


def test_a_removed_connection_is_not_paired(as_owner, address):
    connection.remove_instance(instance=rows.instance(), now=timezone.now())

    refused = as_owner.post(f"{address}pair/")

    assert (refused.status_code, refused.context["page"].setup_code) == (422, "")
    assert "removed" in refused.context["page"].error
    assert not AddonModule.objects.exists()


def test_the_connections_lead_to_the_module(as_viewer, address):
    [card] = as_viewer.get("/connections/").context["page"].connections

    assert card.module_url == address
