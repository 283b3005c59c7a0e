"""An owner connects a bank: chosen here, agreed to on the bank's own page, and back with the same session."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from banking.models import BankAccount, BankConnection
from banking.services import provider_keys
from payymo.sandbox import world
from tests.conftest import PASSWORD
from tests.journeys.conftest import new_page

KEYS = world.GOCARDLESS["acme"]


@pytest.fixture
def page(browser, served, committed_acme, owner):
    provider_keys.save_provider_key(
        provider="gocardless_bad", secret_id=KEYS.secret_id, secret_key=KEYS.secret_key, now=datetime.now(UTC)
    )
    page = new_page(browser)
    page.goto(served.url("/login/"))
    page.fill("input[name=email]", "owner@acme.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(served.url("/"))
    return page


def test_who_comes_back_from_the_bank_is_still_signed_in_and_a_renewal_keeps_the_account(page, served):
    page.goto(served.url("/connections/bank/new/?provider=gocardless_bad&country=DE"))
    page.get_by_role("button", name="Sandbox Finance").click()
    page.get_by_role("link", name="Continue to the bank").click()
    expect(page).not_to_have_url(served.url("/connections/bank/new/"))

    page.get_by_role("button", name="Approve").click()

    page.wait_for_url(served.url("/connections/"))
    expect(page.get_by_text("is connected. Its transactions are being read.")).to_be_visible()
    assert BankConnection.objects.get().state == "LINKED"
    assert BankAccount.objects.get().name == "Savings account"

    account = BankAccount.objects.get()
    BankConnection.objects.update(state="EXPIRED")
    page.reload()
    page.get_by_role("button", name="Renew consent").click()
    page.get_by_role("link", name="Continue to the bank").click()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url(served.url("/connections/"))

    renewed = BankConnection.objects.get(state="LINKED")
    assert BankConnection.objects.get(pk=account.connection_id).state == "REVOKED"
    # The provider calls the account by a new id, and it is the same one with its history.
    assert BankAccount.objects.get().pk == account.pk
    assert BankAccount.objects.get().provider_account_id != account.provider_account_id
    assert renewed.accounts.get().pk == account.pk


def test_a_cancelled_consent_says_so_and_links_nothing(page, served):
    page.goto(served.url("/connections/bank/new/?provider=gocardless_bad&country=DE"))
    page.get_by_role("button", name="Sandbox Finance").click()
    page.get_by_role("link", name="Continue to the bank").click()

    page.get_by_role("button", name="Cancel").click()

    page.wait_for_url(served.url("/connections/"))
    expect(page.get_by_text("The consent was cancelled.")).to_be_visible()
    assert BankConnection.objects.get().state == "FAILED"
    assert not BankAccount.objects.exists()
