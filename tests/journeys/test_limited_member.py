"""A reviewer of one bank account: every route of the product is asked for what they must not see."""

import re
import uuid
from decimal import Decimal

import pytest
from django.urls import URLPattern, get_resolver

from accounts.models import Membership
from accounts.permissions import PERMISSIONS
from accounts.services import members
from matching.models import Decision, InvoiceMatch, Proposal, Settlement
from matching.services import allocation, proposing, settlement
from matching.services.decisions import Actor
from tenants import context
from tests.dashboard.conftest import ACME, Browser
from tests.factories import rows
from tests.factories.callers import Caller
from whmcs.models import Posting

# Found in no invoice and no client, which a limited reviewer may see.
WORD, AMOUNT = "QQHIDDENQQ", "7654.32"
KINDS = (
    "/transactions/{}/", "/payouts/{}/", "/imports/{}/", "/review/{}/", "/api/v1/bank-transactions/{}/",
    "/api/v1/payouts/{}/", "/api/v1/proposals/{}/", "/api/v1/postings/{}/",
    "/api/v1/stripe-payments/{}/", "/api/v1/statement-imports/{}/",
)  # fmt: skip
NOT_PAGES = ("/logout/", "/login/", "/2fa/", "/health/ready")


@pytest.fixture
def books(in_acme, owner):
    """Two accounts with a decided and an open payment each, a charge, a payout found on the other account."""
    seen = rows.account()
    hidden = rows.account(owner_name=WORD)
    type(hidden).objects.filter(pk=hidden.pk).update(name=f"{WORD} account")
    actor = Actor.person(owner)
    for number, into, name, amount in (
        ("INV-1", seen, "Northwind Ltd", "10.00"), ("INV-2", hidden, WORD, AMOUNT),
        ("INV-3", seen, "Northwind Ltd", "11.00"), ("INV-4", hidden, WORD, AMOUNT),
    ):  # fmt: skip
        rows.invoice(number, "8000.00")
        rows.transfer(f"Rechnung {number} {name}", amount, into=into, name=name)
    rows.charge(AMOUNT, name=WORD, description=f"Invoice INV-5 {WORD}", email=f"{WORD}@example.com")
    proposing.propose(receipts=proposing.waiting(), now=rows.NOW)
    decided = {}
    for proposal in Proposal.objects.filter(rank=1).exclude(bank_transaction=None).order_by("pk")[:2]:
        made = allocation.allocate_by_hand(
            receipt_id=proposal.bank_transaction.public_id,
            lines=[allocation.Line(proposal.lines.get().invoice_id, proposal.amount)],
            actor=actor, now=rows.NOW,
        )  # fmt: skip
        decided[proposal.bank_transaction.account_id] = made.decision
    assert set(decided) == {seen.pk, hidden.pk}
    payout = rows.payout("500.00", payout_id=f"po_{WORD}")
    entry = rows.transfer(f"STRIPE {WORD}", "500.00", into=hidden, name=WORD)
    settlement.settle(payout_ids=[payout.public_id], receipt_id=entry.public_id, actor=actor, now=rows.NOW)
    imported = rows_import(hidden)
    return {"seen": seen, "hidden": hidden, "payout": payout, "imported": imported, "tenant": in_acme}


def rows_import(account):
    from banking.models import StatementImport

    row = StatementImport(account=account, file_name=f"{WORD}.csv", format="csv", state=StatementImport.State.COMMITTED)
    row.file_sha256, row.committed_at = "0" * 64, rows.NOW
    row.save()
    return row


def hidden_ids(books):
    """Every public id that leads to the hidden account or to Stripe."""
    about = {"bank_transaction__account": books["hidden"]}
    transfers = books["hidden"].transactions.all()
    found = [books["hidden"].public_id, books["payout"].public_id, books["imported"].public_id]
    found += [row.public_id for row in transfers]
    found += [row.public_id for row in rows.stripe_connection().payments.all()] + [rows.stripe_connection().public_id]
    for model in (Proposal, Decision, Settlement, InvoiceMatch):
        found += list(model.objects.filter(**about).values_list("public_id", flat=True))
    found += list(Proposal.objects.exclude(stripe_payment=None).values_list("public_id", flat=True))
    found += list(
        Posting.objects.filter(invoicematch_set__in=InvoiceMatch.objects.filter(**about)).values_list(
            "public_id", flat=True
        )
    )
    return [str(key) for key in found]


def limit(user, tenant, accounts):
    membership = Membership.objects.get(user=user, tenant=tenant)
    members.limit_member(membership=membership, granted=frozenset(PERMISSIONS), accounts=accounts)


def routes(patterns=None, before=""):
    for entry in get_resolver("payymo.urls").url_patterns if patterns is None else patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield "/" + path
        else:
            yield from routes(entry.url_patterns, path)


def plain_routes():
    return [path for path in routes() if "<" not in path and path not in NOT_PAGES]


def as_one_id(books):
    """Give a hidden row of every kind the same public id, and return it, with another one of a second suggestion.

    A route finds by it the row of its kind, whichever that is: asked once, it was asked for each.
    """
    about = {"bank_transaction__account": books["hidden"]}
    match = InvoiceMatch.objects.get(**about)
    found = [books["hidden"], books["payout"], books["imported"], match.bank_transaction, match.posting, match.decision]
    found += [rows.stripe_connection(), rows.stripe_connection().payments.get(), Settlement.objects.get(**about)]
    found += [Proposal.objects.filter(status="OPEN", **about).first()]
    shared, other = uuid.uuid4(), uuid.uuid4()
    for row in found:
        type(row).objects.filter(pk=row.pk).update(public_id=shared)
    Proposal.objects.filter(stripe_payment__isnull=False).update(public_id=other)
    return [str(shared), str(other)]


def filled_routes(keys):
    """Every route with an id in it, with each of the ids in each place."""
    for path in routes():
        if "<uuid:" in path:
            plain = re.sub(r"<slug:kind>", "bank", re.sub(r"<slug:\w+>", "up", path))
            for key in keys:
                yield re.sub(r"<uuid:\w+>", key, plain)


class Both:
    """The same person in a browser and over the API."""

    def __init__(self, user, tenant):
        self.tenant = tenant
        self.browser = Browser(ACME, tenant=tenant, user=user)
        self.api = self.inside(lambda: Caller(user.email.partition("@")[0]))

    def get(self, path):
        if path.startswith("/api/v1/"):
            return self.inside(lambda: self.api.get(path.removeprefix("/api/v1/")))
        return self.browser.whole(path)

    def post(self, path):
        if path.startswith("/api/v1/"):
            return self.inside(lambda: self.api.post(path.removeprefix("/api/v1/"), {}, key="k"))
        return self.browser.post(path, {"reason": "other", "until": "2027-01-01"})

    def inside(self, call):
        try:
            return call()
        finally:
            context.enter_for_request(self.tenant)


def text_of(answer):
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode("utf-8", "replace")


def leaks(person, keys):
    """Return the routes without ids in which something hidden shows."""
    found = {}
    for path in plain_routes():
        answer = person.get(path)
        assert answer.status_code in {200, 204, 302, 303, 400, 403, 404, 405, 410}, (path, answer.status_code)
        text = text_of(answer)
        if path == "/api/v1/invoices/":
            text = text.replace(f'"reserved":"{AMOUNT}"', "")  # what an invoice still owes is no secret, who pays it is
        shown = [word for word in (WORD, AMOUNT, "7,654.32", "7.654,32", *keys) if word in text]
        if shown:
            found[path] = shown
    return found


def test_no_list_count_search_or_export_shows_what_is_out_of_reach(books, reviewer):
    limit(reviewer, books["tenant"], [books["seen"]])

    assert leaks(Both(reviewer, books["tenant"]), hidden_ids(books)) == {}


def test_a_colleague_without_a_limit_sees_it_all(books, reviewer):
    """The sweep is worth something: what it looks for is there to be found."""
    found = leaks(Both(reviewer, books["tenant"]), hidden_ids(books))

    assert {
        "/", "/review/", "/review/queue/", "/transactions/", "/payouts/",
        "/payouts/export.csv", "/activity/", "/imports/", "/api/v1/bank-accounts/",
        "/api/v1/bank-transactions/", "/api/v1/proposals/", "/api/v1/postings/", "/api/v1/payouts/",
        "/api/v1/stripe-payments/", "/api/v1/settlements/", "/api/v1/statement-imports/",
    } <= found.keys()  # fmt: skip


def test_counts_and_sums_are_those_of_what_is_in_reach(books, reviewer):
    limit(reviewer, books["tenant"], [books["seen"]])
    person = Both(reviewer, books["tenant"])

    page = person.get("/").context["page"]
    queue = person.get("/review/").context["page"]

    assert {band.band: band.count for band in page.bands if band.count} == {"likely": 1}
    assert [(each.total.value, each.count) for each in page.open_money] == [(Decimal("21.00"), 1)]
    assert sum(day.received for day in page.flow.days) == Decimal("21.00")
    assert [figure.value for figure in page.figures] == ["0", "1", "0", "0"]
    assert queue.progress.left_count == 1


def test_a_search_for_it_finds_nothing(books, reviewer):
    limit(reviewer, books["tenant"], [books["seen"]])
    person = Both(reviewer, books["tenant"])

    for path in ("/transactions/?q={}", "/review/?q={}", "/review/queue/?q={}", "/api/v1/bank-transactions/?q={}"):
        for word in (WORD, AMOUNT):
            text = text_of(person.get(path.format(word)))
            assert not any(key in text for key in hidden_ids(books)), path


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_id_out_of_reach_is_answered_like_one_that_never_was(books, reviewer, method):
    keys = as_one_id(books)
    person, before = Both(reviewer, books["tenant"]), state()
    for path in KINDS if method == "get" else ():
        # Without a limit it is there to be found.
        assert person.get(path.format(keys[0])).status_code == 200, path
    limit(reviewer, books["tenant"], [books["seen"]])

    for path in filled_routes(keys):
        answer = getattr(person, method)(path)
        # 302 and 303 lead on to an address that is then 404; 400 speaks of the body alone.
        assert answer.status_code in {302, 303, 400, 403, 404, 405}, (path, answer.status_code)
        assert WORD not in text_of(answer), path
        assert AMOUNT not in text_of(answer), path

    assert state() == before


def state():
    return (
        list(Decision.objects.order_by("pk").values_list("pk", "kind")),
        list(Posting.objects.order_by("pk").values_list("pk", "state")),
        list(Proposal.objects.order_by("pk").values_list("pk", "status")),
        list(Settlement.objects.order_by("pk").values_list("pk", "undone_by")),
    )


def test_what_is_in_reach_is_seen_and_decided(books, reviewer):
    limit(reviewer, books["tenant"], [books["seen"]])
    person = Both(reviewer, books["tenant"])

    listed = person.get("/api/v1/bank-transactions/").json()["results"]
    [waiting] = person.get("/api/v1/proposals/").json()["results"]
    decided = person.inside(
        lambda: person.api.post(f"proposals/{waiting['id']}/ignore/", {"reason": "other"}, key="k1")
    )

    assert {row["amount"] for row in listed} == {"10.00", "11.00"}
    assert decided.status_code == 201, decided.content
    assert Decision.objects.get(public_id=decided.json()["id"]).bank_transaction.account == books["seen"]


def test_a_match_by_hand_of_a_payment_out_of_reach_is_404(books, reviewer):
    limit(reviewer, books["tenant"], [books["seen"]])
    person, before = Both(reviewer, books["tenant"]), state()
    open_one = books["hidden"].transactions.exclude(allocated__gt=0).order_by("pk").first()
    invoice = rows.invoice("INV-9", "8000.00")
    body = {"receipt": str(open_one.public_id), "lines": [{"invoice": str(invoice.public_id), "amount": AMOUNT}]}

    answer = person.inside(lambda: person.api.post("allocations/", body, key="k2"))

    assert (answer.status_code, state()) == (404, before)


def test_an_invoice_shows_only_the_money_in_reach(books, reviewer):
    invoice = InvoiceMatch.objects.get(bank_transaction__account=books["hidden"]).invoice
    limit(reviewer, books["tenant"], [books["seen"]])
    person = Both(reviewer, books["tenant"])

    page, api = person.get(f"/invoices/{invoice.public_id}/"), person.get(f"/api/v1/invoices/{invoice.public_id}/")

    assert (page.status_code, api.status_code) == (200, 200)
    assert api.json()["postings"] == []
    assert WORD not in text_of(page)


def test_lifting_the_limit_and_setting_it_count_from_the_next_request_on(books, reviewer):
    person = Both(reviewer, books["tenant"])
    counts = []

    for accounts in (None, [books["seen"]], [], None):
        limit(reviewer, books["tenant"], accounts)
        counts.append(len(person.get("/api/v1/bank-transactions/").json()["results"]))

    assert counts == [5, 2, 0, 5]


def test_an_api_key_reaches_no_further_than_its_member(books, reviewer):
    from datetime import timedelta

    from django.utils import timezone

    from accounts.services import api_keys

    limit(reviewer, books["tenant"], [books["seen"]])
    now = timezone.now()
    made = api_keys.make_api_key(
        membership=Membership.objects.get(user=reviewer, tenant=books["tenant"]), granted=frozenset(PERMISSIONS),
        name="Export", scopes=["transactions.view", "rules.view"], expires_at=now + timedelta(days=1), now=now,
    )  # fmt: skip
    browser = Browser(ACME, tenant=books["tenant"])

    listed = browser.get("/api/v1/bank-transactions/", headers={"authorization": f"Api-Key {made.key}"})
    rules = browser.get("/api/v1/matching-rules/", headers={"authorization": f"Api-Key {made.key}"})

    assert {Decimal(row["amount"]) for row in listed.json()["results"]} == {Decimal("10.00"), Decimal("11.00")}
    assert rules.status_code == 403
