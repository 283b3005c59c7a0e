"""Giving up a stopped posting over the API: once, with a reason, never what WHMCS shows, never another tenant's."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from matching.models import Decision
from matching.services import allocation
from matching.services.decisions import Actor
from tests.factories import rows
from tests.factories.callers import Caller
from tests.whmcs.site import Site, connect, mirror, post
from whmcs.models import Posting


@pytest.fixture
def site(sandbox_process):
    found = Site(sandbox_process, "acme")
    found.quiet()
    yield found
    found.quiet()


@pytest.fixture
def payment(in_acme):
    return rows.transfer("hosting", "119.00")


@pytest.fixture
def stopped(site, payment, reviewer):
    """A posting that met an invoice which was cancelled meanwhile."""
    invoice = mirror(site, connect(site), site.new_invoice("119.00"))
    then = timezone.now() - timedelta(minutes=10)
    allocation.allocate_by_hand(
        receipt_id=payment.public_id,
        lines=[allocation.Line(invoice.pk, Decimal(119))],
        actor=Actor.person(reviewer),
        now=then,
    )
    site.change_invoice(invoice.whmcs_id, status="Cancelled")
    post(timezone.now())
    row = Posting.objects.get()
    assert row.state == "CONFLICT"
    return row


def give_up(who, posting, *, host="acme", key="one", body=None):
    before = connection.tenant
    try:
        caller = Caller(who, host)
        wanted = {"reason": "cancelled, the client pays another"} if body is None else body
        return caller.post(f"postings/{posting.public_id}/give-up/", wanted, key=key)
    finally:
        connection.set_tenant(before)


def state_of(posting, payment) -> tuple[str, Decimal]:
    posting.refresh_from_db()
    payment.refresh_from_db()
    return posting.state, payment.allocated


def test_giving_up_opens_the_payment_again_and_happens_once(stopped, payment, reviewer):
    first, again = give_up("reviewer", stopped), give_up("reviewer", stopped)

    assert (first.status_code, again.status_code, first.json()) == (200, 200, again.json())
    assert (first.json()["state"], state_of(stopped, payment)) == ("WITHDRAWN", ("WITHDRAWN", 0))
    [decision] = Decision.objects.filter(kind=Decision.Kind.GIVE_UP)
    assert (decision.reason, decision.decided_by_id) == ("cancelled, the client pays another", reviewer.pk)
    assert give_up("reviewer", stopped, key="two").status_code == 409


@pytest.mark.parametrize(
    ("who", "host", "key", "body", "status"),
    [
        ("viewer", "acme", "one", None, 403),
        ("owner", "globex", "one", None, 404),
        ("reviewer", "acme", "", None, 400),
        ("reviewer", "acme", "one", {}, 400),
        ("reviewer", "acme", "one", {"reason": " "}, 400),
        ("reviewer", "acme", "one", {"reason": "x", "force": True}, 400),
    ],
)
def test_a_refused_giving_up_changes_nothing(stopped, payment, globex, who, host, key, body, status):
    assert give_up(who, stopped, host=host, key=key, body=body).status_code == status

    assert state_of(stopped, payment) == ("CONFLICT", Decimal(119))


def test_what_whmcs_shows_is_not_given_up(stopped, payment, site):
    site.change_invoice(stopped.invoice.whmcs_id, status="Unpaid")
    site.pay_by_hand(stopped.invoice.whmcs_id, "119.00", stopped.transaction_id)

    answer = give_up("reviewer", stopped)

    assert (answer.status_code, answer.json()["code"]) == (409, "already_booked")
    assert state_of(stopped, payment) == ("CONFLICT", Decimal(119))


def test_nothing_is_given_up_while_whmcs_cannot_be_asked(stopped, payment, site):
    site.fault("html")

    assert give_up("reviewer", stopped).status_code == 503
    assert state_of(stopped, payment) == ("CONFLICT", Decimal(119))
