"""The bank of a host in the running stand-in, walked as its user would, and its faults."""

import sqlite3
from urllib.parse import parse_qs, urlsplit

import requests

from banking.services import connecting, provider_keys
from payymo.sandbox import world

CALLBACK = "http://acme.localhost:8000/connections/bank/callback/"


class Bank:
    """One host's bank."""

    def __init__(self, process, slug):
        self.base, self.slug = process.base_url, slug
        self.database = process.home / "sandbox.sqlite3"
        self.keys = world.GOCARDLESS[slug]
        self.institution_id = self.keys.institution_ids[0]

    def save_keys(self, now):
        return provider_keys.save_provider_key(
            secret_id=self.keys.secret_id, secret_key=self.keys.secret_key, now=now
        )  # fmt: skip

    def walk(self, link, action="approve"):
        """Open the link, decide, and return the query with which the user comes back."""
        with requests.Session() as browser:
            browser.get(link, timeout=10).raise_for_status()
            answer = browser.post(link, data={"action": action}, timeout=10, allow_redirects=False)
            while not answer.headers["Location"].startswith(CALLBACK):
                answer = browser.get(self.base + answer.headers["Location"], timeout=10, allow_redirects=False)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def connect(self, user_id, now, provider=None):
        """Connect the host's bank all the way and return the connection."""
        provider = provider or provider_keys.provider(now=now)
        started = connecting.start_consent(
            institution_id=self.institution_id, user_id=user_id, redirect_url=CALLBACK, provider=provider, now=now
        )
        query = self.walk(started.consent_link)
        return connecting.finish_consent(reference=query["ref"], user_id=user_id, provider=provider, now=now)

    def reference_of(self, connection):
        """Return the reference that only the provider holds in clear."""
        with sqlite3.connect(self.database) as opened:
            row = opened.execute("SELECT reference FROM gc_requisition WHERE id = ?", (connection.requisition_id,))
            return row.fetchone()[0]

    def entries(self):
        with sqlite3.connect(self.database) as opened:
            return opened.execute("SELECT * FROM bank_entry").fetchall()

    def entries_of(self, account):
        with sqlite3.connect(self.database) as opened:
            opened.row_factory = sqlite3.Row
            asked = "SELECT * FROM bank_entry WHERE slug = ? AND account = ?"
            return [dict(row) for row in opened.execute(asked, (self.slug, account))]

    def begin_anew(self, entries):
        """Forget every consent, token, call and fault, and show the first entries again."""
        with sqlite3.connect(self.database, timeout=30) as opened:
            for table in ("gc_account", "gc_requisition", "gc_agreement", "gc_token", "gc_call", "fault", "bank_entry"):
                opened.execute(f"DELETE FROM {table}")
            places = ",".join("?" * len(entries[0]))
            opened.executemany(f"INSERT INTO bank_entry VALUES ({places})", entries)

    def fault(self, fault, times=1, **params):
        order = {"provider": "gocardless", "slug": self.slug, "fault": fault, "times": times, "params": params}
        requests.post(f"{self.base}/_control/faults", json=order, timeout=10).raise_for_status()

    def add(self, **entry):
        answer = requests.post(f"{self.base}/_control/bank/{self.slug}/add", json=entry, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def until(self):
        return requests.get(f"{self.base}/_control/health", timeout=10).json()["until"]
