"""A page, the API, the tenant's policy and the addon module approve the same suggestion at once: one posting."""

import json
import threading
from decimal import Decimal
from uuid import uuid4

from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from matching.models import Decision, InvoiceMatch
from matching.services.allocation import approve_proposal
from matching.services.decisions import Actor
from payymo.shared.errors import Conflict
from tenants import context
from tests.dashboard.conftest import ACME, Browser
from tests.factories import rows
from tests.matching.test_guard import propose
from tests.whmcs.module.test_events import pair
from tests.whmcs.test_api import Api
from whmcs.models import Posting

EACH = 2


def test_whoever_approves_at_once_one_posting_is_left(committed_acme, owner, reviewer):
    debt = rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00")
    proposal = propose(payment, debt, band="exact", is_certain=True)
    token = Api("reviewer").token
    key = pair(debt.instance, owner, now=timezone.now())["key"]
    browsers = [Browser(ACME, tenant=committed_acme, user=reviewer) for _ in range(EACH)]

    def by_page(serial):
        sent = {"candidate": str(proposal.public_id), "key": f"page-{serial}"}
        browser = browsers[serial // 4]
        return browser.post(f"/review/{payment.public_id}/approve/", sent, headers={"HX-Request": "true"}).status_code

    def call(path, authorization, body):
        headers = {"authorization": authorization, "host": ACME, "idempotency-key": uuid4().hex}
        path = f"/api/v1/{path}proposals/{proposal.public_id}/approve/"
        return Client().post(path, json.dumps(body), content_type="application/json", headers=headers).status_code

    def by_api(serial):
        return call("", f"Bearer {token}", {})

    def by_module(serial):
        return call("whmcs/module/", f"Api-Key {key}", {"admin_id": 3})

    def by_policy(serial):
        try:
            approve_proposal(proposal_id=proposal.public_id, actor=Actor.policy(), now=timezone.now())
        except Conflict:
            return 409
        return 201

    ways = [by_page, by_api, by_module, by_policy] * EACH
    start, answers = threading.Barrier(len(ways)), []

    def run(way, serial):
        try:
            context.enter_for_request(committed_acme)
            start.wait(timeout=60)
            answers.append((way.__name__, way(serial)))
        finally:
            connection.close()
            caches["default"]._cache.get_client(None, write=True).connection_pool.disconnect()

    threads = [threading.Thread(target=run, args=(way, serial)) for serial, way in enumerate(ways)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(answers) == len(ways)
    won = [name for name, status in answers if status in (200, 201)]
    # To the addon module a suggestion that was decided before it looked does not exist any more.
    lost = {status for name, status in answers if status not in (200, 201, 404 if name == "by_module" else 0)}
    assert (len(won), lost) == (1, {409}), answers
    assert Posting.objects.count() == InvoiceMatch.objects.count() == Decision.objects.count() == 1
    payment.refresh_from_db()
    debt.refresh_from_db()
    assert (payment.allocated, debt.reserved) == (Decimal(119), Decimal(119))
