"""A host's GoCardless account in the running stand-in: what happens to it, and its faults."""

import json
import sqlite3
import uuid
from contextlib import closing, contextmanager

from payymo.sandbox import world
from payymo.sandbox.gocardless_payments_api import webhooks


class GoCardlessAccount:
    """One host's account; what happens there happens through the stand-in's own control addresses."""

    def __init__(self, process, slug):
        self.process, self.slug, self.keys = process, slug, world.GOCARDLESS_PAYMENTS[slug]

    @contextmanager
    def _opened(self):
        path = self.process.home / "sandbox.sqlite3"
        with closing(sqlite3.connect(path, timeout=120)) as opened, opened:
            yield opened

    def begin_anew(self):
        """Forget what was collected at every account, and every fault."""
        with self._opened() as opened:
            opened.execute("DELETE FROM fault")
            opened.execute("DELETE FROM gcp_object WHERE kind != 'creditors'")

    def _control(self, path, **order):
        return self.process.control("POST", f"/gocardless-payments/{self.slug}/{path}", order)

    def collect(self, amount, **order):
        return self._control("payments", amount=amount, **order)

    def act(self, payment, *names):
        for name in names:
            payment = self._control(f"payments/{payment['id']}/{name}")
        return payment

    def confirmed(self, amount, **order):
        return self.act(self.collect(amount, **order), "submit", "confirm")

    def pay_out(self, **order):
        return self._control("payouts", **order)

    def refund(self, payment, amount, **order):
        return self._control("refunds", payment=payment["id"], amount=amount, **order)

    def deliver(self, url, **order):
        return self._control("deliver", url=url, **order)

    def fault(self, name, times=1, **params):
        order = {"provider": "gocardless_payments", "slug": self.slug, "fault": name, "times": times, "params": params}
        self.process.control("POST", "/faults", order)

    def events(self):
        with self._opened() as opened:
            asked = "SELECT body FROM gcp_object WHERE slug = ? AND kind = 'events' ORDER BY seq"
            return [json.loads(body) for (body,) in opened.execute(asked, (self.slug,))]


def event(resource="payments", action="created", **links):
    """Return an event as GoCardless writes it."""
    return {
        "id": f"EV{uuid.uuid4().hex[:16].upper()}", "created_at": "2026-11-20T10:00:00.000Z", "resource_type": resource,
        "action": action, "links": links, "details": {"origin": "gocardless", "cause": "test"}, "metadata": {},
    }  # fmt: skip


def call(events, secret):
    """Return body and signature of a call that brings these events."""
    body = json.dumps({"events": events, "meta": {"webhook_id": "WB1"}}).encode()
    return body, webhooks.signature(body, secret)
