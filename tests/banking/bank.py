"""The bank of a host in the running stand-in, walked as its user would, and its faults."""

from urllib.parse import parse_qs, urlsplit

import requests

from banking.services import connecting, consent_finishing, provider_keys
from payymo.sandbox import world

CALLBACK = "http://acme.localhost:8000/connections/bank/callback/"


class Bank:
    """One host's bank."""

    def __init__(self, process, slug):
        self.process, self.base, self.slug = process, process.base_url, slug
        self.keys = world.GOCARDLESS[slug]
        self.institution_id = self.keys.institution_ids[0]

    def save_keys(self, now):
        return provider_keys.save_provider_key(
            provider="gocardless_bad", secret_id=self.keys.secret_id, secret_key=self.keys.secret_key, now=now
        )  # fmt: skip

    def walk(self, link, action="approve"):
        """Open the link, decide, and return the query with which the user comes back."""
        with requests.Session() as browser:
            browser.get(link, timeout=60).raise_for_status()
            answer = browser.post(link, data={"action": action}, timeout=60, allow_redirects=False)
            while not answer.headers["Location"].startswith(CALLBACK):
                answer = browser.get(self.base + answer.headers["Location"], timeout=60, allow_redirects=False)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def connect(self, user_id, now, provider=None):
        """Connect the host's bank all the way and return the connection."""
        provider = provider or provider_keys.provider("gocardless_bad", now=now)
        started = connecting.start_consent(
            institution_id=self.institution_id, user_id=user_id, redirect_url=CALLBACK, provider=provider, now=now
        )
        query = self.walk(started.consent_link)
        return consent_finishing.finish_consent(reference=query["ref"], user_id=user_id, provider=provider, now=now)

    def shown(self):
        """Return what the stand-in's own book holds: entries, consents and token calls."""
        return self.process.control("GET", f"/bank/{self.slug}")

    def reference_of(self, connection):
        """Return the reference that only the provider holds in clear."""
        consents = self.shown()["requisitions"]
        return next(row["reference"] for row in consents if row["id"] == connection.consent_id)

    def entries_of(self, account):
        return [row for row in self.shown()["entries"] if row["account"] == account]

    def drop_tokens(self):
        self.process.control("POST", f"/bank/{self.slug}/drop-tokens")

    def fault(self, fault, times=1, **params):
        order = {"provider": "gocardless", "slug": self.slug, "fault": fault, "times": times, "params": params}
        self.process.control("POST", "/faults", order)

    def add(self, **entry):
        return self.process.control("POST", f"/bank/{self.slug}/add", entry)

    def until(self):
        return self.process.control("GET", "/health")["until"]
