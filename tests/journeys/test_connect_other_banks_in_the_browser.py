"""An owner connects Enable Banking, SimpleFIN, Stripe, GoCardless debits, or gives a file; each fails and goes on."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from banking.models import BankAccount, BankConnection, BankTransaction
from banking.services import provider_keys
from payments.models import Dispute, StripeConnection, StripePayment
from payments.services import connecting, event_processing, syncing
from payymo.sandbox import world
from payymo.shared.errors import Refused
from tests.banking import statements
from tests.conftest import PASSWORD
from tests.journeys.conftest import new_page
from tests.payments.gocardless_account import GoCardlessAccount

CALLBACK = "/connections/bank/callback/"


@pytest.fixture
def page(browser, served, committed_acme, owner):
    page = new_page(browser)
    page.goto(served.url("/login/"))
    page.fill("input[name=email]", "owner@acme.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(served.url("/"))
    return page


@pytest.fixture
def enable_banking(page, served, sandbox):
    application = sandbox.control("POST", "/enable-banking/acme/application")
    provider_keys.save_provider_key(
        provider="enable_banking", secret_id=application["id"], secret_key=application["private_key"],
        now=datetime.now(UTC), redirect_url=served.url(CALLBACK),
    )  # fmt: skip
    page.goto(served.url("/connections/bank/new/?provider=enable_banking&country=DE"))
    page.get_by_role("button", name="Nordhaven Bank").click()
    return page


def agree(page, served, answer="Approve"):
    page.get_by_role("link", name="Continue to the bank").click()
    page.get_by_role("button", name=answer).click()
    page.wait_for_url(served.url("/connections/"))


def states():
    return list(BankConnection.objects.order_by("pk").values_list("state", flat=True))


def test_enable_banking_is_connected_and_its_renewal_keeps_the_accounts(enable_banking, served):
    page = enable_banking
    agree(page, served)
    expect(page.get_by_text("is connected. Its transactions are being read.")).to_be_visible()
    before = set(BankAccount.objects.values_list("pk", "connection__state"))
    BankConnection.objects.update(state="EXPIRED")
    page.reload()

    page.get_by_role("button", name="Renew consent").click()
    agree(page, served)

    assert states() == ["REVOKED", "LINKED"]
    assert set(BankAccount.objects.values_list("pk", "connection__state")) == before
    assert len(before) > 0


def test_a_consent_cancelled_at_enable_banking_links_nothing(enable_banking, served):
    agree(enable_banking, served, "Cancel")

    expect(enable_banking.get_by_text("The consent was cancelled.")).to_be_visible()
    assert (states(), BankAccount.objects.count()) == (["FAILED"], 0)


def paste(page, token):
    page.get_by_label("Setup token").fill(token)
    page.get_by_role("button", name="Connect", exact=True).click()


def test_a_simplefin_token_connects_once_and_another_one_renews(page, served, sandbox):
    def token():
        return sandbox.control("POST", "/simplefin/acme/token")["token"]

    first, address = token(), served.url("/connections/bank/new/?provider=simplefin")
    page.goto(address)
    paste(page, first)
    page.wait_for_url(served.url("/connections/"))
    accounts = set(BankAccount.objects.values_list("pk", flat=True))
    assert (states(), len(accounts) > 0) == (["LINKED"], True)

    page.goto(address)
    paste(page, first)
    expect(page.get_by_text("may be compromised")).to_be_visible()
    assert BankConnection.objects.filter(state="LINKED").count() == 1

    BankConnection.objects.filter(state="LINKED").update(state="EXPIRED")
    page.goto(served.url("/connections/"))
    page.get_by_role("button", name="Renew consent").first.click()
    paste(page, token())
    page.wait_for_url(served.url("/connections/"))

    assert BankConnection.objects.get(state="LINKED").accounts.count() == len(accounts)
    assert set(BankAccount.objects.values_list("pk", flat=True)) == accounts


@pytest.fixture
def debits(sandbox_process, sandbox):
    return GoCardlessAccount(sandbox_process, "acme")


def test_debits_are_connected_heard_shown_and_connected_again_after_a_refusal(page, served, debits):
    page.goto(served.url("/connections/"))
    page.get_by_role("link", name="Connect GoCardless").click()
    page.get_by_label("Access token").fill(debits.keys.access_token)
    page.get_by_label("Webhook endpoint secret").fill(debits.keys.webhook_secret)
    page.get_by_role("button", name="Check and connect").click()
    expect(page.get_by_text("GoCardless is connected. Its payments are being read.")).to_be_visible()

    paid, late = debits.confirmed(11900, description="Invoice 4711"), debits.confirmed(2380)
    payout = debits.pay_out()
    debits.act(late, "fail")
    calls = debits.deliver(served.url("/api/v1/webhooks/gocardless/"))
    assert {call["status"] for call in calls} == {200}
    event_processing.process_events(now=datetime.now(UTC), api_for=connecting.api_for)

    page.goto(served.url("/transactions/"))
    expect(page.get_by_text("119.00").first).to_be_visible()
    page.goto(served.url("/payouts/"))
    page.locator("tbody a").first.click()
    # Of 119.00 + 23.80 the fees of 1 % and 0.20 each are taken.
    expect(page.get_by_text("140.97").first).to_be_visible()
    assert (payout["amount"], StripePayment.objects.get(charge_id=paid["id"]).payout.payout_id) == (14097, payout["id"])
    assert list(Dispute.objects.values_list("payment__charge_id", "withdrawn")) == [(late["id"], Decimal("23.80"))]

    debits.fault("unauthorized")
    row = StripeConnection.objects.get()
    with pytest.raises(Refused):
        syncing.sync_connection(connection=row, api=connecting.api_for(row), now=datetime.now(UTC))
    page.goto(served.url("/"))
    expect(page.get_by_text("GoCardless refuses the key").first).to_be_visible()
    page.goto(served.url("/connections/"))
    page.get_by_role("link", name="New credential").click()
    page.get_by_label("Access token").fill(debits.keys.access_token)
    page.get_by_role("button", name="Check and connect").click()

    expect(page.get_by_text("GoCardless is connected.").first).to_be_visible()
    again = StripeConnection.objects.get()
    assert (again.pk, again.state) == (row.pk, "ACTIVE")


def test_stripe_is_connected_by_a_restricted_key_and_again_after_a_refusal(page, served, sandbox):
    def give(key):
        page.get_by_label("Restricted key").fill(key)
        page.get_by_role("button", name="Check and connect").click()

    page.goto(served.url("/connections/stripe/new/"))
    give("rk_test_51NobodyKnowsThisKey000000001")
    expect(page.get_by_text("Stripe does not accept the key. Paste a new one.")).to_be_visible()
    assert not StripeConnection.objects.exists()
    give(world.STRIPE["acme"].restricted_key)
    expect(page.get_by_text("Stripe is connected. Its charges are being read.")).to_be_visible()

    sandbox.control("POST", "/faults", {"provider": "stripe", "fault": "unauthorized", "slug": "acme"})
    row = StripeConnection.objects.get()
    with pytest.raises(Refused):
        syncing.sync_connection(connection=row, api=connecting.api_for(row), now=datetime.now(UTC))
    sandbox.control("DELETE", "/faults")
    page.goto(served.url("/"))
    expect(page.get_by_text("Stripe refuses the key").first).to_be_visible()
    page.goto(served.url("/connections/"))
    page.get_by_role("link", name="New credential").click()
    give(world.STRIPE["acme"].restricted_key)

    expect(page.get_by_text("Stripe is connected.").first).to_be_visible()
    again = StripeConnection.objects.get()
    assert (again.pk, again.state) == (row.pk, "ACTIVE")


def test_a_statement_is_refused_in_words_previewed_imported_and_adds_nothing_twice(page, served):
    def upload(name, content):
        page.goto(served.url("/imports/new/"))
        page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/xml", "buffer": content})
        page.get_by_role("button", name="Upload and preview").click()

    upload("notes.xml", b"no statement at all")
    expect(page.get_by_role("button", name="Upload and preview")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_visible()
    whole = statements.camt(("11.90", "INV-1042"), ("50.00", "INV-1043"))
    upload("march.xml", whole)
    page.get_by_role("button", name="Import 2 transactions").click()
    expect(page.get_by_role("button", name="Import 2 transactions")).to_have_count(0)
    assert sorted(BankTransaction.objects.values_list("amount", flat=True)) == [Decimal("11.90"), Decimal("50.00")]

    upload("march again.xml", whole)

    expect(page.locator("main")).to_contain_text("march again")
    assert BankTransaction.objects.count() == 2
