"""A host's Stripe account in the running stand-in: what it shows, what happens to it, and its faults."""

import hashlib
import hmac
import json
import sqlite3
import time
import uuid
from collections import Counter
from contextlib import closing, contextmanager

from payments.clients.stripe_api import StripeApi
from payymo.sandbox import world


class StripeAccount:
    """One host's account; its objects are read and changed behind the API's back."""

    def __init__(self, process, slug):
        self.process, self.slug, self.keys = process, slug, world.STRIPE[slug]
        self.database = process.home / "sandbox.sqlite3"

    @contextmanager
    def _opened(self):
        """Open the stand-in's database, commit what was changed, and close it."""
        with closing(sqlite3.connect(self.database, timeout=120)) as opened, opened:
            yield opened

    def all_rows(self):
        with self._opened() as opened:
            return opened.execute("SELECT * FROM stripe_object").fetchall()

    def begin_anew(self, rows):
        """Show the first objects of every account again, without faults."""
        with self._opened() as opened:
            opened.execute("DELETE FROM fault")
            opened.execute("DELETE FROM stripe_object")
            opened.executemany(f"INSERT INTO stripe_object VALUES ({','.join('?' * len(rows[0]))})", rows)

    def objects(self, kind, **equal):
        with self._opened() as opened:
            asked = "SELECT body FROM stripe_object WHERE account = ? AND kind = ? ORDER BY created, seq"
            found = [json.loads(body) for (body,) in opened.execute(asked, (self.keys.account_id, kind))]
        return [one for one in found if all(one[name] == value for name, value in equal.items())]

    def received(self):
        """Return the charges that money came from."""
        return self.objects("charge", status="succeeded", captured=True)

    def items_of(self, payout_id):
        with self._opened() as opened:
            asked = "SELECT body FROM stripe_object WHERE account = ? AND payout = ?"
            return [json.loads(body) for (body,) in opened.execute(asked, (self.keys.account_id, payout_id))]

    def change(self, found, **fields):
        """Let an object become another, without an event."""
        with self._opened() as opened:
            opened.execute("UPDATE stripe_object SET body = ? WHERE id = ?", (json.dumps(found | fields), found["id"]))
        return found | fields

    def add(self, body, kind, seq=None):
        """Add an object; a later `seq` is a newer one within a second."""
        with self._opened() as opened:
            (last,) = opened.execute("SELECT MAX(seq) FROM stripe_object").fetchone()
            values = (self.keys.account_id, body["id"], kind, body["created"], seq or last + 1, "", json.dumps(body))
            opened.execute("INSERT INTO stripe_object VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return body

    def event(self, kind, subject, **more):
        """Return an event about an object, as Stripe writes it."""
        return {
            "id": f"evt_{uuid.uuid4().hex}", "object": "event", "api_version": "2026-10-28.endive",
            "created": int(time.time()), "data": {"object": subject}, "livemode": False, "pending_webhooks": 1,
            "request": None, "type": kind, **more,
        }  # fmt: skip

    def happens(self, kind, subject):
        """Add an event to those that Stripe lists."""
        return self.add(self.event(kind, subject), "event")

    def fault(self, name, times=1, **params):
        order = {"provider": "stripe", "slug": self.slug, "fault": name, "times": times, "params": params}
        self.process.control("POST", "/faults", order)

    def charge(self, amount, **order):
        return self.process.control("POST", f"/stripe/{self.slug}/charge", {"amount": amount, **order})

    def fail_payout(self, payout_id):
        return self.process.control("POST", f"/stripe/{self.slug}/payouts/{payout_id}/fail")


class Counted:
    """A client that counts what it is asked."""

    def __init__(self, key):
        self._api, self.calls = StripeApi(key=key), Counter()

    def __getattr__(self, name):
        self.calls[name] += 1
        return getattr(self._api, name)


def signed(body, secret, at):
    """Return one `v1` of the signature header."""
    return hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()


def header(body, secret, at):
    return f"t={int(at)},v1={signed(body, secret, at)}"
