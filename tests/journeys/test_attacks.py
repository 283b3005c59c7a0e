"""Attacks over real HTTP on two tenants: a served product of four threads, and three workers beside it.

Every refusal is compared with all rows of both tenants: nothing of them has changed.
"""

import http.client
import json
import re
import threading
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from celery import current_app
from django.db import connection

from accounts.models import ApiKey, RefreshToken, Session
from accounts.services import api_keys
from matching.models import Decision, Proposal
from matching.services import proposing
from payments.models import WebhookEvent
from tenants import context, sealing
from tenants.job_models import ParkedJob
from tenants.models import ProviderAccount, Tenant
from tenants.services import running
from tests.conftest import PASSWORD
from tests.factories import rows
from tests.journeys.test_api_by_its_description import operations
from tests.journeys.test_every_answer import signed_in
from tests.journeys.test_limited_member import routes
from tests.payments.stripe_account import header
from tests.tenants import jobs_of_tests as jobs
from tests.tenants.workers import Crew
from whmcs.models import Posting

SECRET = "whsec_attacked"


def call(served, method, path, *, host="acme", token="", **sent):
    headers = {"Host": f"{host}.localhost", **sent.pop("headers", {})}
    if token:
        headers["Authorization"] = token if " " in token else f"Bearer {token}"
    address = f"http://127.0.0.1:{served.port}{path}"
    return requests.request(method, address, headers=headers, timeout=120, allow_redirects=False, **sent)


def pair(served, who, host):
    body = {"email": f"{who}@{host}.example", "password": PASSWORD}
    return call(served, "POST", "/api/v1/auth/token/", host=host, json=body).json()


def at_once(number, act):
    """Act so many times, all starting at one moment; return what came of it."""
    ready = threading.Barrier(number)

    def go(place):
        ready.wait(120)
        return act(place)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(go, range(number)))


def csrf_of(browser, base):
    return browser.get(f"{base}/", timeout=120).cookies.get("payymo_csrf") or browser.cookies["payymo_csrf"]


def everything():
    """Return a digest of each table of both tenants, and of who belongs where."""
    found = {}
    with connection.cursor() as cursor:
        for schema in (*Tenant.objects.values_list("schema_name", flat=True), "public"):
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
            tables = [name for (name,) in cursor.fetchall()]
            if schema == "public":
                tables = [name for name in tables if name in ("accounts_membership", "accounts_role", "tenants_tenant")]
            for table in tables:
                whole = f'"{schema}"."{table}"'
                cursor.execute(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {whole} t")
                found[whole] = cursor.fetchone()[0]
    return found


@pytest.fixture
def nothing_changes():
    """Compare every row of both tenants before the attack with those after it; call it to take them as they are now."""
    before = {}

    def begin():
        before.update(everything())

    yield begin
    assert before, "the test never said from when on nothing may change"
    after = everything()
    assert [table for table in before if before[table] != after[table]] == []


@pytest.fixture
def books(committed_acme):
    """Acme with an open suggestion, a decided payment whose posting waits, a charge and a payout."""
    account = rows.account()
    for number, amount in (("INV-1", "10.00"), ("INV-2", "20.00")):
        rows.invoice(number, amount)
        rows.transfer(f"Rechnung {number}", amount, into=account)
    rows.charge("30.00")
    payout = rows.payout("40.00")
    proposing.propose(receipts=proposing.waiting(), now=rows.NOW)
    stripe = rows.stripe_connection()
    stripe.webhook_secret_sealed = sealing.seal(stripe, "webhook_secret_sealed", SECRET)
    stripe.save()
    ProviderAccount.objects.create(
        provider="stripe", external_id=stripe.account_id, livemode=False, tenant=committed_acme
    )
    return {"account": account, "payout": payout, "stripe": stripe}


@pytest.fixture
def proposal(books):
    return Proposal.objects.filter(rank=1, status="OPEN").exclude(bank_transaction=None).earliest("pk")


def approve(served, proposal, token, key, host="acme"):
    path = f"/api/v1/proposals/{proposal.public_id}/approve/"
    return call(served, "POST", path, host=host, token=token, json={}, headers={"Idempotency-Key": key})


def public_ids(books, owner):
    """Return one public id of acme's of every kind that an address can hold."""
    of_people = [owner, Session.objects.filter(user=owner).latest("pk"), ApiKey.objects.latest("pk")]
    of_books = [
        books["account"],
        books["payout"],
        books["stripe"],
        rows.instance(),
        rows.stripe_connection().payments.get(),
    ]
    found = [*of_people, *of_books, Proposal.objects.earliest("pk"), Proposal.objects.earliest("pk").bank_transaction]
    return [str(row.public_id) for row in found]


def filled(path, key):
    path = re.sub(r"\{(?!public_id)\w+\}|<(?:slug|str):\w+>", "bank", path)
    return re.sub(r"<int:\w+>", "1", re.sub(r"\{public_id\}|<uuid:\w+>", key, path))


def test_no_id_of_a_tenant_opens_or_changes_anything_at_another(served, books, owner, committed_acme, nothing_changes):
    signed_in(served)
    with context.inside(committed_acme):
        membership = owner.memberships.get(tenant=committed_acme)
        api_keys.make_api_key(
            membership=membership, granted=frozenset({"review.view"}), name="x", scopes=["review.view"],
            expires_at=rows.NOW.replace(year=2027), now=rows.NOW,
        )  # fmt: skip
        keys = public_ids(books, owner)
    token = pair(served, "owner", "globex")["access"]
    browser, base = signed_in(served, "globex")
    browser.headers["Origin"] = f"http://globex.localhost:{served.port}"
    form = {"csrfmiddlewaretoken": csrf_of(browser, base)}
    nothing_changes()

    answered = defaultdict(set)
    for place, (path, method) in enumerate(each for each in operations() if "{public_id}" in each[0]):
        sent = {"json": {}, "headers": {"Idempotency-Key": uuid.uuid4().hex}}
        shown = call(served, method, filled(path, keys[place % len(keys)]), host="globex", token=token, **sent)
        answered[shown.status_code].add(path)
    for place, path in enumerate(path for path in routes() if "<uuid:" in path and not path.startswith("/api/")):
        where = base + filled(path, keys[place % len(keys)])
        shown = browser.post(where, data=form, timeout=120, allow_redirects=False)
        if shown.status_code == 405:
            shown = browser.get(where, headers={"HX-Request": "true"}, timeout=120, allow_redirects=False)
        answered[shown.status_code].add(path)

    # What one does not have is removed, or read, already.
    gone = ("/views/<uuid:view_id>/remove/", "/notifications/<uuid:public_id>/read/")
    assert [path for path in answered.pop(303) if not path.endswith(gone)] == []
    # 400 is said of a body, and 403 of a way in that takes no token, before anything is looked for.
    assert set(answered) <= {400, 403, 404}, {status: answered[status] for status in answered if status != 404}
    assert len(answered[404]) > 60, answered


def test_a_stolen_token_or_cookie_is_worthless_at_the_other_tenant_however_it_is_named(
    served, books, proposal, nothing_changes
):
    tokens = pair(served, "owner", "globex")
    browser, base = signed_in(served, "globex")
    nothing_changes()
    acme = str(Tenant.objects.get(slug="acme").public_id)
    names = [
        {}, {"X-Forwarded-Host": "globex.localhost"}, {"X-Tenant": acme}, {"Forwarded": "host=globex.localhost"},
        {"X-Original-Host": "globex.localhost"}, {"X-HTTP-Method-Override": "GET"},
    ]  # fmt: skip

    for more in names:
        refused = call(served, "GET", "/api/v1/proposals/?tenant=globex", token=tokens["access"], headers=more)
        assert refused.status_code in (400, 401), more
        cookie = browser.get(
            f"{base}/review/", headers={"Host": "acme.localhost", **more}, timeout=120, allow_redirects=False
        )
        assert (cookie.status_code, cookie.headers["Location"].partition("?")[0]) == (302, "/login/")
    assert approve(served, proposal, tokens["access"], "k1").status_code == 401
    for path, body in (("refresh", "refresh"), ("verify", "token")):
        given = {body: tokens["refresh" if path == "refresh" else "access"]}
        assert call(served, "POST", f"/api/v1/auth/token/{path}/", json=given).status_code == 401


def test_one_kind_of_token_is_no_other_kind(served, books, proposal, nothing_changes):
    tokens = pair(served, "owner", "acme")
    nothing_changes()

    assert approve(served, proposal, tokens["refresh"], "k1").status_code == 401
    assert approve(served, proposal, f"Api-Key {tokens['access']}", "k1").status_code == 401
    assert call(served, "POST", "/api/v1/auth/token/refresh/", json={"refresh": tokens["access"]}).status_code == 401


def test_a_stolen_refresh_token_gives_one_pair_and_its_reuse_ends_both_thief_and_owner(served):
    tokens = pair(served, "reviewer", "acme")

    def refresh(place=0, token=tokens["refresh"]):
        return call(served, "POST", "/api/v1/auth/token/refresh/", json={"refresh": token})

    answers = at_once(8, refresh)
    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    meanwhile = Counter(answer.status_code for answer in answers)
    RefreshToken.objects.exclude(used_at=None).update(used_at="2026-01-01T00:00Z")
    late = refresh()

    assert meanwhile == {200: 1, 409: 7}
    assert late.status_code == 401
    assert refresh(token=winner["refresh"]).status_code == 401
    assert call(served, "GET", "/api/v1/auth/me/", token=winner["access"]).status_code == 401
    assert not Session.objects.filter(revoked_at=None, user__email="reviewer@acme.example").exists()


def test_another_site_makes_a_signed_in_browser_do_nothing(served, books, proposal, nothing_changes):
    browser, base = signed_in(served)
    token = csrf_of(browser, base)
    nothing_changes()
    where = f"{base}/review/{proposal.bank_transaction.public_id}/approve/"
    own, form = f"http://acme.localhost:{served.port}", {"proposal": str(proposal.public_id)}
    attempts = [
        (form, {}),
        (form, {"Origin": own}),
        ({**form, "csrfmiddlewaretoken": token}, {"Origin": "https://evil.example"}),
        ({**form, "csrfmiddlewaretoken": token}, {"Origin": "null"}),
        ({**form, "csrfmiddlewaretoken": token}, {"Origin": f"http://globex.localhost:{served.port}"}),
        ({**form, "csrfmiddlewaretoken": "x" * 64}, {"Origin": own}),
    ]

    answers = [browser.post(where, data=sent, headers=more, timeout=120).status_code for sent, more in attempts]
    as_json = browser.post(where, json={**form, "csrfmiddlewaretoken": token}, headers={"Origin": own}, timeout=120)

    assert answers == [403] * 6
    assert as_json.status_code == 403


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("/api/v1/proposals/", "acme.localhost.evil.example"),
        ("/api/v1/proposals/", "globex.localhost@acme.localhost"),
        ("/api/v1/proposals/", "acme.localhost, globex.localhost"),
        ("/api/v1/proposals/", "acme.localhost/globex.localhost"),
        ("/api/v1/proposals/", "acme_localhost"),
        ("/api/v1/proposals/", ""),
        ("http://acme.localhost/api/v1/proposals/", "globex.localhost"),
        ("//acme.localhost/api/v1/proposals/", "globex.localhost"),
    ],
)
def test_a_spoofed_host_leads_to_nobody_or_to_whom_it_names(served, books, line, host):
    """Whatever is written there, globex's own token never shows a row of acme's."""
    token = pair(served, "owner", "globex")["access"]
    plain = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    plain.putrequest("GET", line, skip_host=True)
    plain.putheader("Host", host)
    plain.putheader("Authorization", f"Bearer {token}")
    plain.endheaders()
    answer = plain.getresponse()
    body = answer.read()
    plain.close()

    assert answer.status in (200, 400, 401, 404)
    if answer.status == 200:
        assert json.loads(body)["results"] == []


def test_a_key_goes_no_further_than_its_scopes_its_tenant_and_its_member(
    served, books, proposal, owner, committed_acme, nothing_changes
):
    made = api_keys.make_api_key(
        membership=owner.memberships.get(tenant=committed_acme), granted=frozenset({"transactions.view"}),
        name="Export", scopes=["transactions.view"], expires_at=rows.NOW.replace(year=2027), now=rows.NOW,
    )  # fmt: skip
    key = f"Api-Key {made.key}"
    nothing_changes()

    def status(method, path, host="acme"):
        return call(served, method, f"/api/v1/{path}", host=host, token=key, json={}).status_code

    assert status("GET", "bank-transactions/") == 200
    assert status("GET", "bank-transactions/", host="globex") == 401
    assert {status("GET", path) for path in ("invoices/", "members/", "audit-log/", "api-keys/")} == {403}
    assert {status("POST", path) for path in ("api-keys/", "roles/", "persons/erase/", "auth/password/")} == {403}
    assert approve(served, proposal, key, "k1").status_code == 403


def test_a_webhook_counts_once_at_its_own_tenant_while_it_is_fresh_and_whole(served, books, committed_acme):
    event = {
        "id": "evt_attack", "object": "event", "type": "charge.updated", "livemode": False, "created": int(time.time()),
        "api_version": "2026-10-28.endive", "data": {"object": {"id": "ch_1", "object": "charge"}},
    }  # fmt: skip
    body, now = json.dumps(event).encode(), time.time()

    def send(body=body, at=now, host="acme", secret=SECRET):
        signature = {"Stripe-Signature": header(body, secret, at), "Content-Type": "application/json"}
        return call(served, "POST", "/api/v1/webhooks/stripe/", host=host, data=body, headers=signature)

    signed = header(body, SECRET, now)
    changed = call(
        served, "POST", "/api/v1/webhooks/stripe/", data=body.replace(b"ch_1", b"ch_2"),
        headers={"Stripe-Signature": signed, "Content-Type": "application/json"},
    )  # fmt: skip
    refused = [send(host="globex"), send(at=now - 301), send(at=now + 3600), send(secret="whsec_other"), changed]
    before = WebhookEvent.objects.count()
    replayed = at_once(8, lambda _: send())

    assert [(answer.status_code, answer.content) for answer in refused] == [(400, b"")] * 5
    assert before == 0
    assert [answer.status_code for answer in replayed] == [200] * 8
    assert WebhookEvent.objects.count() == 1
    with context.inside(Tenant.objects.get(slug="globex")):
        assert WebhookEvent.objects.count() == 0


def test_of_eight_approvals_at_once_one_takes_effect(served, books, proposal):
    tokens = [pair(served, who, "acme")["access"] for who in ("reviewer", "admin")]

    answers = at_once(8, lambda place: approve(served, proposal, tokens[place % 2], f"key-{place}"))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert (Decision.objects.count(), Posting.objects.count()) == (1, 1)


def test_forged_messages_to_three_workers_are_parked_and_touch_no_tenant(
    process_env, books, tmp_path, committed_globex, nothing_changes
):
    crew, acme = Crew(process_env, tmp_path), str(Tenant.objects.get(slug="acme").public_id)
    Tenant.objects.filter(pk=committed_globex.pk).update(state=Tenant.State.SUSPENDED)
    nothing_changes()
    current_app.control.purge()
    try:
        crew.start(processes=3)
        current_app.send_task(jobs.one.name, retry=False)
        for named in ("", "public", str(uuid.uuid4()), committed_globex.schema_name, str(committed_globex.public_id)):
            current_app.send_task(jobs.one.name, kwargs={"tenant_id": named}, retry=False)
        running.send(jobs.one.name, acme)

        crew.wait_for(lambda: sum(ParkedJob.objects.values_list("times", flat=True)) == 6 and crew.lines("end"))
    finally:
        crew.kill_all()
        current_app.control.purge()

    assert {tenant for _, tenant in crew.lines()} == {"acme"}
    assert Counter(ParkedJob.objects.values_list("reason", flat=True)) == {
        "no_tenant": 1, "unknown_tenant": 3, "inactive_tenant": 1,
    }  # fmt: skip
