"""Connecting providers in the browser: what is refused is said in a sentence and stores nothing."""

import html
from datetime import timedelta
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from celery import current_app
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Membership, Role, User
from banking.models import BankAccount, BankConnection, ProviderKey, RawFetch
from payments.models import StripeConnection
from payymo.audit.models import AuditEntry
from payymo.dashboard.presenters import feeds as sources
from payymo.sandbox import world
from tenants import context, sealing
from tests.dashboard.conftest import ACME, Browser
from tests.factories import rows
from whmcs.clients import refusals
from whmcs.models import WhmcsInstance
from whmcs.services import health

KEYS = world.GOCARDLESS["acme"]


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The names of the tasks that would wake a worker; there is none here."""
    names = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **more: names.append((name, more["kwargs"])))
    return names


def whmcs_form(process, **changes):
    keys = world.WHMCS["acme"]
    return {
        "name": "Billing", "base_url": f"{process.base_url}/whmcs/acme", "identifier": keys.identifier,
        "secret": keys.secret, "access_key": "", **changes,
    }  # fmt: skip


def test_whmcs_is_connected_and_fetched_at_once(as_owner, in_acme, sandbox, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_owner.post("/connections/whmcs/new/", whmcs_form(sandbox))

    assert (answer.status_code, answer["Location"]) == (303, "/connections/")
    assert WhmcsInstance.objects.get().state == "ACTIVE"
    assert sent == [("whmcs.tasks.sync_due_instances", {"tenant_id": str(in_acme.public_id)})]
    page = as_owner.get("/connections/").context["page"]
    assert [(card.kind, card.name, card.chip.text) for card in page.connections] == [("whmcs", "Billing", "Connected")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base_url": "billing.example.com"}, "beginning with https://"),
        ({"base_url": "http://127.0.0.1:1/"}, ""),
        ({"base_url": "http://169.254.169.254/latest/"}, ""),
        ({"base_url": "https://user:pass@billing.example.com"}, "must not contain a user name"),
        ({"secret": "wrong"}, ""),
    ],
)
def test_a_whmcs_that_does_not_answer_gives_a_sentence_and_stores_nothing(as_owner, sandbox, changes, said):
    answer = as_owner.post("/connections/whmcs/new/", whmcs_form(sandbox, **changes))

    page = answer.context["page"]
    assert answer.status_code == 422
    assert len(page.error) > 20
    assert said in page.error
    assert not WhmcsInstance.objects.exists()
    assert page.form["identifier"].value() == world.WHMCS["acme"].identifier
    assert world.WHMCS["acme"].secret not in answer.content.decode()


def test_an_empty_form_names_what_is_missing(as_owner):
    page = as_owner.post("/connections/whmcs/new/", {"name": ""}).context["page"]

    assert list(page.form.errors) == ["name", "base_url", "identifier", "secret"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sk_live_51H", "Make a restricted key"),
        ("pk_live_51H", "This is not a Stripe key"),
        ("rk_test_unknown0000000000000000", ""),
    ],
)
def test_a_wrong_stripe_key_gives_a_sentence_and_stores_nothing(as_owner, sandbox, key, said):
    answer = as_owner.post("/connections/stripe/new/", {"key": key})

    page = answer.context["page"]
    assert answer.status_code == 422
    assert len(page.error) > 20
    assert said in page.error
    assert not StripeConnection.objects.exists()
    assert key not in answer.content.decode()


def test_the_address_for_events_is_shown_where_stripe_is_connected_and_takes_them(as_owner):
    shown = as_owner.get("/connections/stripe/new/")
    endpoint = shown.context["page"].endpoint

    # Found, and refused for want of a signature.
    assert as_owner.post(urlsplit(endpoint).path, b"{}", content_type="application/json").status_code == 400
    assert endpoint.startswith("http://acme.localhost/")
    assert f'data-pm-copy="{endpoint}"' in shown.content.decode()


def test_stripe_is_connected(as_owner, sandbox):
    sent = {"key": world.STRIPE["acme"].restricted_key, "webhook_secret": world.STRIPE["acme"].webhook_secret}

    answer = as_owner.post("/connections/stripe/new/", sent)

    assert answer.status_code == 303
    assert StripeConnection.objects.get().account_id == world.STRIPE["acme"].account_id
    StripeConnection.objects.update(state="PAUSED")
    again = as_owner.post("/connections/stripe/new/", sent, follow=True)
    assert "The connection stays paused." in again.content.decode()
    assert StripeConnection.objects.get().state == "PAUSED"


def test_gateways_of_one_name_are_told_apart_wherever_they_are_named(as_owner, in_acme):
    told = (("stripe", "acct_1AcmeOne4f2a"), ("stripe", "acct_1AcmeTwo9b3c"), ("gocardless", "OR000ACME"))
    for gateway, account_id in told:
        StripeConnection.objects.create(
            gateway=gateway, account_id=account_id, account_name="Acme GmbH", kind="restricted_key", livemode=False
        )
    StripeConnection.objects.create(gateway="stripe", account_id="acct_1Nameless", kind="connect", livemode=False)
    ends = ("Stripe …\u20604f2a", "Stripe …\u20609b3c", "GoCardless …\u2060ACME")
    names = [*(f"Acme GmbH ({end})" for end in ends), "acct_1Nameless (Stripe)"]

    assert [card.name for card in as_owner.get("/connections/").context["page"].connections] == names
    assert [feed.name for feed in as_owner.get("/settings/health/").context["page"].feeds] == names


def led_by_a_link(answer):
    """Return where a consent is given: a link of a page, since no form may end at another origin."""
    url = answer.context["page"].consent_url
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert f'href="{html.escape(url)}"' in answer.content.decode()
    return url


@pytest.fixture
def consent(as_owner, sandbox):
    """The bank's consent page and the reference that comes back from it."""
    keys = {"provider": "gocardless_bad", "secret_id": KEYS.secret_id, "secret_key": KEYS.secret_key}
    assert as_owner.post("/connections/bank/new/", keys).status_code == 303
    banks = as_owner.get("/connections/bank/new/", {"country": "DE"}).context["page"].institutions
    assert KEYS.institution_ids[0] in [bank.value for bank in banks]
    answer = as_owner.post("/connections/bank/new/", {"institution": KEYS.institution_ids[0]})
    assert (BankConnection.objects.get().state, BankConnection.objects.get().access_days) == ("PENDING", 180)
    assert answer.context["page"].consent_days == 180
    return led_by_a_link(answer)


def back_from(consent_url):
    """Agree at the bank as a person does, and return the reference with which it sends the browser back."""
    with requests.Session() as person:
        person.get(consent_url, timeout=60).raise_for_status()
        answer = person.post(consent_url, data={"action": "approve"}, timeout=60, allow_redirects=False)
        for _ in range(5):
            onward = urljoin(answer.url, answer.headers["Location"])
            if onward.startswith("http://acme.localhost/connections/bank/callback/?"):
                return parse_qs(urlsplit(onward).query)["ref"][0]
            answer = person.get(onward, timeout=60, allow_redirects=False)
    raise AssertionError(f"the bank sent the browser to {onward}")


def test_a_bank_is_connected_by_its_consent(as_owner, consent):
    answer = as_owner.get("/connections/bank/callback/", {"ref": back_from(consent)}, follow=True)

    assert "is connected. Its transactions are being read." in answer.content.decode()
    assert BankConnection.objects.get().state == "LINKED"
    assert BankAccount.objects.filter(connection__state="LINKED").exists()


def test_a_consent_that_was_left_goes_on_from_the_list_until_its_time_is_over(as_owner, consent):
    (waiting,) = [card for card in as_owner.get("/connections/").context["page"].connections if card.kind == "bank"]
    assert waiting.consent_url == consent
    (tile,) = [tile for tile in as_owner.get("/connections/").context["page"].tiles if tile.kind == "bank"]
    assert tile.count == 0

    BankConnection.objects.update(callback_until=timezone.now() - timedelta(seconds=1))

    (waiting,) = [card for card in as_owner.get("/connections/").context["page"].connections if card.kind == "bank"]
    assert waiting.consent_url == ""


def test_a_second_bank_is_looked_for_in_the_country_of_the_first(as_owner, consent):
    page = as_owner.get("/connections/bank/new/").context["page"]

    assert [one.value for one in page.countries if one.selected] == ["DE"]
    assert KEYS.institution_ids[0] in [each.value for each in page.institutions]


def test_a_renewal_leads_to_the_bank_again(as_owner, consent):
    as_owner.get("/connections/bank/callback/", {"ref": back_from(consent)})
    row = BankConnection.objects.get()

    answer = as_owner.post(f"/connections/bank/{row.public_id}/renew/")

    page = answer.context["page"]
    assert (page.chosen, page.consent_days) == (row.institution_name, 180)
    assert led_by_a_link(answer).startswith("http://127.0.0.1:")
    assert BankConnection.objects.get(renews=row).state == "PENDING"


def test_the_way_back_from_the_bank_counts_once(as_owner, consent):
    reference = back_from(consent)
    as_owner.get("/connections/bank/callback/", {"ref": reference})
    accounts = BankAccount.objects.count()

    answer = as_owner.get("/connections/bank/callback/", {"ref": reference}, follow=True)

    assert "was already used" in answer.content.decode()
    assert (BankConnection.objects.get().state, BankAccount.objects.count()) == ("LINKED", accounts)


def test_another_persons_way_back_from_the_bank_links_nothing(as_owner, as_admin, consent):
    reference = back_from(consent)

    answer = as_admin.get("/connections/bank/callback/", {"ref": reference}, follow=True)

    assert "belongs to somebody else" in answer.content.decode()
    assert (BankConnection.objects.get().state, BankAccount.objects.count()) == ("PENDING", 0)


@pytest.mark.parametrize("query", [{}, {"ref": ""}, {"ref": "unknown"}, {"ref": "\x00"}, {"ref": "x" * 4000}])
def test_an_unknown_reference_gives_a_sentence(as_owner, query):
    answer = as_owner.get("/connections/bank/callback/", query, follow=True)

    assert "This link has ended, was already used, or belongs to somebody else." in answer.content.decode()
    assert not BankConnection.objects.exists()


def test_wrong_bank_keys_give_a_sentence_and_store_nothing(as_owner, sandbox):
    keys = {"provider": "gocardless_bad", "secret_id": KEYS.secret_id, "secret_key": "wrong"}
    answer = as_owner.post("/connections/bank/new/", keys)

    assert answer.status_code == 422
    assert len(answer.context["page"].error) > 20
    assert not ProviderKey.objects.exists()


def test_fetching_now_makes_it_due_even_without_a_broker(
    as_owner, in_acme, monkeypatch, django_capture_on_commit_callbacks
):
    def unreachable(*_args, **_more):
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", unreachable)
    row = rows.instance()
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_owner.post(f"/connections/whmcs/{row.public_id}/sync/")

    row.refresh_from_db()
    assert answer.status_code == 303
    assert row.next_sync_at is not None


def test_fetching_a_bank_now_may_use_the_call_kept_back_for_a_person(as_owner, in_acme):
    row = BankConnection.objects.create(institution_id="B", institution_name="Bank", country="DE", state="LINKED")
    stopped = rows.account(connection=row)
    paused = rows.account(connection=row, is_paused=True)

    answer = as_owner.post(f"/connections/bank/{row.public_id}/sync/", follow=True)

    stopped.refresh_from_db()
    paused.refresh_from_db()
    assert "Payymo is fetching now." in answer.content.decode()
    assert stopped.fetch_asked_at == stopped.next_sync_at is not None
    assert (paused.fetch_asked_at, paused.next_sync_at) == (None, None)


@pytest.mark.parametrize("state", ["EXPIRED", "SUSPENDED", "REVOKED", "PENDING"])
def test_a_bank_that_is_not_connected_is_not_fetched_and_the_page_says_so(as_owner, in_acme, state, sent):
    row = BankConnection.objects.create(institution_id="B", institution_name="Bank", country="DE", state=state)
    account = rows.account(connection=row)

    answer = as_owner.post(f"/connections/bank/{row.public_id}/sync/", follow=True)

    account.refresh_from_db()
    assert "Renew the consent first." in answer.content.decode()
    assert (account.fetch_asked_at, account.next_sync_at, sent) == (None, None, [])


def test_a_broken_whmcs_is_not_said_to_be_fetched(as_owner, in_acme, sent):
    row = rows.instance(state="BROKEN")

    answer = as_owner.post(f"/connections/whmcs/{row.public_id}/sync/", follow=True)

    row.refresh_from_db()
    assert "Nothing is fetched: the connection does not work now" in answer.content.decode()
    assert (row.next_sync_at, sent) == (None, [])


def test_a_removed_connection_keeps_its_rows_and_loses_its_key(as_owner, in_acme):
    debt = rows.invoice("INV-1042", "119.00")

    assert as_owner.post(f"/connections/whmcs/{debt.instance.public_id}/remove/").status_code == 303

    row = WhmcsInstance.objects.get()
    assert (row.state, bytes(row.secret_sealed)) == ("REMOVED", b"")
    assert as_owner.get(f"/invoices/{debt.public_id}/").status_code == 200


def test_an_unknown_kind_of_connection_does_not_exist(as_owner, in_acme):
    row = rows.instance()

    assert as_owner.post(f"/connections/paypal/{row.public_id}/sync/").status_code == 404
    assert as_owner.post(f"/connections/stripe/{row.public_id}/sync/").status_code == 404


def test_the_consent_page_names_the_days_that_this_bank_gives(as_owner, sandbox):
    keys = {"provider": "gocardless_bad", "secret_id": KEYS.secret_id, "secret_key": KEYS.secret_key}
    as_owner.post("/connections/bank/new/", keys)

    page = as_owner.post("/connections/bank/new/", {"institution": "HARBOUR_MUTUAL_HBMUGB21"}).context["page"]

    row = BankConnection.objects.get()
    assert (page.chosen, page.consent_days, row.access_days, row.history_days) == ("Harbour Mutual", 90, 90, 90)


@pytest.fixture
def broken(as_owner, sandbox):
    as_owner.post("/connections/whmcs/new/", whmcs_form(sandbox))
    WhmcsInstance.objects.update(state="BROKEN", last_error="WHMCS refuses the credential.")
    return WhmcsInstance.objects.get()


def credential(**changes):
    keys = world.WHMCS["acme"]
    return {"identifier": keys.identifier, "secret": keys.secret, "access_key": "", **changes}


def test_a_broken_whmcs_is_mended_with_a_new_credential(as_owner, broken, sent, django_capture_on_commit_callbacks):
    [card] = as_owner.get("/connections/").context["page"].connections
    assert (card.sync_url, card.last_error) == ("", "WHMCS refuses the credential.")
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_owner.post(card.credential_url, credential())

    broken.refresh_from_db()
    assert (answer.status_code, broken.state, broken.last_error) == (303, "ACTIVE", "")
    assert [name for name, _ in sent] == ["whmcs.tasks.sync_due_instances"]


def test_a_wrong_credential_changes_nothing_and_is_not_shown_again(as_owner, broken):
    kept = bytes(broken.secret_sealed)

    answer = as_owner.post(f"/connections/whmcs/{broken.public_id}/credential/", credential(secret="wrong-secret"))

    broken.refresh_from_db()
    assert (answer.status_code, len(answer.context["page"].error) > 20) == (422, True)
    assert (broken.state, bytes(broken.secret_sealed)) == ("BROKEN", kept)
    assert "wrong-secret" not in answer.content.decode()


def test_a_broken_whmcs_that_answers_again_is_used_again(as_owner, broken, sandbox):
    [card] = as_owner.get("/connections/").context["page"].connections

    answer = as_owner.post(card.test_url, follow=True)

    broken.refresh_from_db()
    assert "WHMCS answers." in answer.content.decode()
    assert broken.state == "ACTIVE"
    WhmcsInstance.objects.update(is_paused=True)
    assert "WHMCS answers. It stays paused." in as_owner.post(card.test_url, follow=True).content.decode()
    sandbox.control("POST", "/faults", {"provider": "whmcs", "fault": "auth_failed", "times": 1})
    assert "The test call WhmcsDetails failed." in as_owner.post(card.test_url, follow=True).content.decode()
    broken.refresh_from_db()
    assert broken.state == "BROKEN"


def test_a_bank_is_removed_or_its_consent_withdrawn_by_the_button_that_is_pressed(as_owner, in_acme):
    kept, erased = (
        BankConnection.objects.create(institution_id="B", institution_name="Bank", country="DE", state="LINKED")
        for _ in range(2)
    )
    page = as_owner.get("/connections/").content.decode()

    as_owner.post(f"/connections/bank/{kept.public_id}/remove/")
    as_owner.post(f"/connections/bank/{erased.public_id}/remove/", {"erase": "1"})

    kept.refresh_from_db()
    erased.refresh_from_db()
    assert "Withdraw consent and erase data" in page
    assert (kept.state, kept.withdrawn_at) == ("REVOKED", None)
    assert erased.state == "REVOKED"
    assert erased.withdrawn_at is not None


def test_a_pasted_token_connects_its_accounts_and_renews_by_another(as_owner, in_acme, sandbox):
    def token():
        return sandbox.control("POST", "/simplefin/acme/token")["token"]

    page = as_owner.get("/connections/bank/new/", {"provider": "simplefin"}).context["page"]
    assert (page.provider, page.credentials, list(page.token.fields)) == ("simplefin", None, ["setup_token"])

    refused = as_owner.post("/connections/bank/new/", {"provider": "simplefin", "setup_token": "nonsense"})
    assert (refused.status_code, BankConnection.objects.count()) == (422, 0)
    assert "not a SimpleFIN setup token" in refused.context["page"].error

    as_owner.post("/connections/bank/new/", {"provider": "simplefin", "setup_token": token()})
    first = BankConnection.objects.get()
    first.accounts.order_by("pk").first().quotas.create(scope="transactions", limit=12, used=2)
    [card] = as_owner.get("/connections/").context["page"].connections
    assert [fact.text for fact in card.facts] == ["SimpleFIN Bridge", "transactions 10/12"]
    again = as_owner.post(f"/connections/bank/{first.public_id}/renew/")
    assert again["Location"] == f"/connections/bank/new/?provider=simplefin&renews={first.public_id}"
    as_owner.post(
        "/connections/bank/new/", {"provider": "simplefin", "renews": str(first.public_id), "setup_token": token()}
    )

    first.refresh_from_db()
    assert (first.state, BankConnection.objects.get(state="LINKED").renews_id) == ("REVOKED", first.pk)
    assert BankAccount.objects.count() == 2


def test_gocardless_is_connected_and_its_address_for_events_is_shown(as_owner, sandbox):
    keys = world.GOCARDLESS_PAYMENTS["acme"]
    page = as_owner.get("/connections/gocardless/new/").context["page"]
    wrong = as_owner.post("/connections/gocardless/new/", {"token": "sandbox_unknown"})

    answer = as_owner.post("/connections/gocardless/new/", {"token": keys.access_token})

    assert page.endpoint == "http://acme.localhost/api/v1/webhooks/gocardless/"
    assert (wrong.status_code, "does not accept" in wrong.context["page"].error) == (422, True)
    assert "sandbox_unknown" not in wrong.content.decode()
    assert answer.status_code == 303
    row = StripeConnection.objects.get()
    assert (row.gateway, row.account_id) == ("gocardless", keys.creditor_id)
    [card] = as_owner.get("/connections/").context["page"].connections
    assert (card.detail, card.chip.text) == ("GoCardless: Access token", "Connected")


@pytest.fixture
def connect_platform(settings):
    keys = world.STRIPE_PLATFORM
    none = {"client_id": "", "key": "", "webhook_secret": ""}
    test = {"client_id": keys.client_id, "key": keys.secret_key, "webhook_secret": keys.webhook_secret}
    settings.STRIPE_PLATFORMS = {"live": none, "test": test}


def test_without_an_application_at_stripe_consent_is_not_offered(as_owner):
    assert as_owner.get("/connections/stripe/new/").context["page"].consents == ()


def test_stripe_is_connected_by_consent_and_a_way_back_is_good_once(as_owner, sandbox, connect_platform):
    assert [mode for mode, _ in as_owner.get("/connections/stripe/new/").context["page"].consents] == ["test"]
    url = led_by_a_link(as_owner.post("/connections/stripe/consent/", {"mode": "test"}))
    account = world.STRIPE["acme"].account_id
    back = requests.post(url, data={"account": account}, allow_redirects=False, timeout=60).headers["Location"]
    # Another host: the browser has no session there.
    led = Client().get(f"/connect/stripe/?{urlsplit(back).query}", headers={"host": "admin.localhost"})
    way = urlsplit(led.headers["Location"])
    assert way.hostname == "acme.localhost"

    answers = [as_owner.get(f"{way.path}?{way.query}", follow=True) for _ in range(2)]

    assert f"Acme Hosting GmbH ({account}) is connected" in answers[0].content.decode()
    assert "already used" in answers[1].content.decode()
    assert StripeConnection.objects.get().kind == "connect"


@pytest.fixture
def feeds(in_acme):
    """A bank with an account, and a WHMCS, both of them working."""
    bank = BankConnection.objects.create(
        state="LINKED", institution_id="SANDBOX", institution_name="Nordhaven Bank", country="DE"
    )
    account = rows.account()
    BankAccount.objects.filter(pk=account.pk).update(connection=bank, next_sync_at=None)
    WhmcsInstance.objects.filter(pk=rows.client().instance_id).update(state="ACTIVE", next_sync_at=None)
    return BankAccount.objects.get(pk=account.pk)


def test_everything_that_works_is_fetched_from_the_overview(
    as_admin, as_reviewer, feeds, sent, django_capture_on_commit_callbacks
):
    assert "/connections/sync/" not in as_reviewer.get("/").content.decode()
    assert as_reviewer.post("/connections/sync/").status_code == 403

    with django_capture_on_commit_callbacks(execute=True):
        answer = as_admin.post("/connections/sync/")

    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert {name.partition(".")[0] for name, _ in sent} == {"banking", "payments", "whmcs"}
    feeds.refresh_from_db()
    assert feeds.next_sync_at is not None
    assert WhmcsInstance.objects.get().next_sync_at is not None


def test_a_paused_account_is_left_out_until_it_is_resumed(as_admin, as_reviewer, feeds):
    path = f"/connections/accounts/{feeds.public_id}/pause/"
    assert as_reviewer.post(path).status_code == 403

    as_admin.post(path, {"do": "pause"})
    feeds.refresh_from_db()
    assert (feeds.is_paused, feeds.next_sync_at) == (True, None)
    [line] = next(card for card in as_admin.get("/connections/").context["page"].connections if card.accounts).accounts
    assert (line.is_paused, line.pause_url) == (True, path)
    as_admin.post("/connections/sync/")
    feeds.refresh_from_db()
    assert feeds.next_sync_at is None

    as_admin.post(path, {"do": "resume"})
    feeds.refresh_from_db()
    assert (feeds.is_paused, feeds.next_sync_at is not None) == (False, True)
    told = AuditEntry.objects.filter(action="connection.changed", object_id=feeds.public_id)
    assert sorted(each.details["what"] for each in told) == ["paused", "resumed"]


def test_a_paused_gateway_is_not_read_until_it_is_resumed(as_admin, as_reviewer, feeds):
    row = rows.stripe_connection()
    path = f"/connections/stripe/{row.public_id}/pause/"
    assert as_reviewer.post(path).status_code == 403

    def card():
        return next(each for each in as_admin.get("/connections/").context["page"].connections if each.kind == "stripe")

    as_admin.post(path, {"do": "pause"})
    as_admin.post(path, {"do": "pause"})
    as_admin.post("/connections/sync/")
    row.refresh_from_db()
    assert (row.state, row.next_sync_at) == ("PAUSED", None)
    assert (card().chip.text, card().is_paused, card().sync_url, card().credential_url) == ("Paused", True, "", "")
    assert {each.kind for each in sources.read()} == {"bank", "whmcs"}

    as_admin.post(path, {"do": "resume"})
    row.refresh_from_db()
    assert (row.state, row.next_sync_at is not None, card().pause_url) == ("ACTIVE", True, path)
    told = AuditEntry.objects.filter(action="connection.changed", object_id=row.public_id)
    assert sorted(each.details["what"] for each in told) == ["paused", "resumed"]


def test_a_paused_whmcs_is_neither_read_nor_posted_to_until_it_is_resumed(
    as_admin, as_reviewer, as_viewer, feeds, sent, django_capture_on_commit_callbacks
):
    row = WhmcsInstance.objects.get()
    path = f"/connections/whmcs/{row.public_id}/pause/"
    assert [browser.post(path).status_code for browser in (as_reviewer, as_viewer)] == [403, 403]

    def card():
        return next(each for each in as_admin.get("/connections/").context["page"].connections if each.kind == "whmcs")

    as_admin.post(path, {"do": "pause"})
    as_admin.post("/connections/sync/")
    answer = as_admin.post(f"/connections/whmcs/{row.public_id}/sync/", follow=True)
    row.refresh_from_db()
    assert (row.state, row.is_paused, row.next_sync_at) == ("ACTIVE", True, None)
    assert "Nothing is fetched" in answer.content.decode()
    assert (card().chip.text, card().is_paused, card().sync_url, card().next_run) == ("Paused", True, "", None)

    with django_capture_on_commit_callbacks(execute=True):
        as_admin.post(path, {"do": "resume"})
    row.refresh_from_db()
    assert (row.is_paused, row.next_sync_at is not None, card().pause_url) == (False, True, path)
    assert [name for name, _ in sent] == ["whmcs.tasks.sync_due_instances", "whmcs.tasks.post_pending"]


def test_a_whmcs_of_another_company_cannot_be_paused(as_admin, feeds, globex):
    with context.inside(globex):
        theirs = rows.instance()

    assert as_admin.post(f"/connections/whmcs/{theirs.public_id}/pause/", {"do": "pause"}).status_code == 404

    with context.inside(globex):
        theirs.refresh_from_db()
    assert not theirs.is_paused


@pytest.mark.parametrize("state", ["BROKEN", "REMOVED"])
def test_a_gateway_that_is_not_read_anyway_cannot_be_paused_or_resumed(as_admin, feeds, state):
    row = rows.stripe_connection()
    StripeConnection.objects.update(state=state)

    for do in ("pause", "resume"):
        assert as_admin.post(f"/connections/stripe/{row.public_id}/pause/", {"do": do}).status_code == 404
    row.refresh_from_db()
    assert row.state == state


def test_an_account_of_files_alone_cannot_be_paused(as_admin, feeds):
    BankAccount.objects.update(connection=None)

    assert as_admin.post(f"/connections/accounts/{feeds.public_id}/pause/").status_code == 404


def test_a_bank_shows_what_was_fetched_last_and_to_admins_what_was_done(as_admin, as_reviewer, feeds, queries_of):
    path = f"/connections/bank/{feeds.connection.public_id}/"
    now = timezone.now()

    def fetched(**fields):
        RawFetch.objects.create(account=feeds, fetched_at=now, payload_sealed=b"x", **fields)

    fetched(processed_at=now, complete_from=now.date())
    fetched(processed_at=now, refused=[{"position": 1, "reason": "no date"}])
    fetched()
    as_admin.post(f"/connections/accounts/{feeds.public_id}/pause/", {"do": "pause"})

    page = as_reviewer.get(path).context["page"]
    assert [line.state.text for line in page.fetches] == ["Not read yet", "1 entry refused", "Read"]
    assert page.events == ()
    few = queries_of(lambda: as_admin.get(path))
    for _ in range(60):
        fetched()
    assert queries_of(lambda: as_admin.get(path)) == few
    assert len(as_admin.get(path).context["page"].fetches) == 50
    assert path in as_admin.get("/connections/").content.decode()
    BankConnection.objects.update(state="REVOKED")
    assert as_admin.get(path).status_code == 404


@pytest.fixture
def own(feeds):
    """The account with its whole number kept."""
    feeds.iban_sealed = sealing.seal(feeds, "iban_sealed", "DE89370400440532013000")
    feeds.save(update_fields=["iban_sealed"])
    return feeds


def test_the_whole_number_of_an_own_account_is_shown_on_request_and_that_is_kept(
    as_reviewer, as_viewer, as_newcomer, own, reviewer
):
    path = f"/connections/accounts/{own.public_id}/number/"
    before, seen_by_viewer = (browser.get("/connections/").content.decode() for browser in (as_reviewer, as_viewer))
    assert [browser.post(path).status_code for browser in (as_viewer, as_newcomer)] == [403, 403]
    assert not AuditEntry.objects.filter(action="account.shown").exists()

    shown = as_reviewer.post(path).content.decode()

    assert ["DE89 3704" in page for page in (before, seen_by_viewer, shown)] == [False, False, True]
    assert [f'action="{path}"' in page for page in (before, seen_by_viewer, shown)] == [True, False, False]
    kept = AuditEntry.objects.get(action="account.shown")
    assert (kept.actor_id, kept.object_id, kept.details) == (reviewer.public_id, own.public_id, {})


def test_no_whole_number_is_shown_of_an_account_that_is_not_on_the_page(as_reviewer, own, globex):
    with context.inside(globex):
        theirs = rows.account()
    BankConnection.objects.update(state="REVOKED")

    paths = [f"/connections/accounts/{each.public_id}/number/" for each in (theirs, own)]

    assert [as_reviewer.post(path).status_code for path in paths] == [404, 404]
    assert not AuditEntry.objects.filter(action="account.shown").exists()


def test_who_may_decide_and_not_see_connections_is_shown_no_number(in_acme, own):
    role = Role.objects.create(tenant=in_acme, code="few", name="Few", permissions=["review.decide"])
    user = User.objects.create_user("few@acme.example", "correct horse battery", name="Few")
    Membership.objects.create(user=user, tenant=in_acme, role=role, is_active=True)

    assert (
        Browser(ACME, tenant=in_acme, user=user).post(f"/connections/accounts/{own.public_id}/number/").status_code
        == 403
    )


def test_a_number_that_does_not_open_is_said(as_reviewer, own):
    BankAccount.objects.update(iban_sealed=b"damaged")

    answer = as_reviewer.post(f"/connections/accounts/{own.public_id}/number/")

    assert (answer.status_code, "does not open" in answer.content.decode()) == (200, True)
    assert not AuditEntry.objects.filter(action="account.shown").exists()


def test_errors_of_connections_are_read_in_the_readers_language_also_those_from_before(as_owner, in_acme):
    instance = rows.instance()
    said = refusals.refusal("GetInvoices", 403, "Invalid IP 203.0.113.9")
    health.mark_broken(instance, said, now=timezone.now())
    consent_ended = "The bank's consent has ended. Renew it to go on."
    BankConnection.objects.create(
        institution_id="X", institution_name="X Bank", country="DE", state="LINKED", last_error=consent_ended
    )

    def errors(language):
        page = as_owner.get("/connections/", headers={"accept-language": language}).context["page"]
        return {card.kind: card.last_error for card in page.connections}

    assert errors("en") == {"whmcs": str(said), "bank": consent_ended}
    german = errors("de")
    assert german["whmcs"].startswith("WHMCS lässt diese Adresse nicht zu. Tragen Sie 203.0.113.9 in WHMCS unter")
    assert german["bank"] == "Die Zustimmung bei der Bank ist abgelaufen. Erneuern Sie sie, um fortzufahren."
