"""The same bank of the running stand-in, reached through other providers."""

from urllib.parse import parse_qs, urlsplit

import requests

from banking.services import connecting, consent_finishing, provider_keys
from tests.banking.bank import CALLBACK, Bank


class GoCardlessBank(Bank):
    """One host's bank at GoCardless."""

    key = "gocardless_bad"
    fault_name = "gocardless"
    ended_fault = ("consent_expired", {})
    limited_fault = ("rate_limited", {"reset": 1800})
    down_fault = "html"
    answers_to_cancel = "The consent was cancelled."

    def finish(self, query, user_id, provider, now):
        return consent_finishing.finish_consent(
            reference=query.get("state") or query["ref"], code=query.get("code", ""),
            error_code=query.get("error", ""), user_id=user_id, provider=provider, now=now,
        )  # fmt: skip

    def begin(self, user_id, now, provider, renews=None):
        if renews is not None:
            return connecting.renew_consent(
                connection=renews, user_id=user_id, redirect_url=CALLBACK, provider=provider, now=now
            )
        return connecting.start_consent(
            institution_id=self.institution_id, user_id=user_id, redirect_url=CALLBACK, provider=provider, now=now
        )

    def connect(self, user_id, now, provider=None, renews=None):
        provider = provider or provider_keys.provider(self.key, now=now)
        query = self.walk(self.begin(user_id, now, provider, renews).consent_link)
        return self.finish(query, user_id, provider, now)

    def fault(self, fault, times=1, **params):
        order = {"provider": self.fault_name, "slug": self.slug, "fault": fault, "times": times, "params": params}
        self.process.control("POST", "/faults", order)


class EnableBank(GoCardlessBank):
    """One host's bank at Enable Banking."""

    key = fault_name = "enable_banking"
    ended_fault = ("ended", {"only": "transactions"})
    limited_fault = ("rate_limited", {"reset": 1800, "only": "transactions"})
    down_fault = "down"

    def __init__(self, process, slug):
        super().__init__(process, slug)
        self.institution_id = {"acme": "DE:Nordhaven Bank", "globex": "GB:Albion Bank"}[slug]
        self.application = process.control("POST", f"/enable-banking/{slug}/application")

    def save_keys(self, now, **changes):
        keys = {"secret_id": self.application["id"], "secret_key": self.application["private_key"], **changes}
        return provider_keys.save_provider_key(provider=self.key, **keys, now=now, redirect_url=CALLBACK)

    def walk(self, link, action="approve"):
        with requests.Session() as browser:
            browser.get(link, timeout=60).raise_for_status()
            answer = browser.post(link, data={"action": action}, timeout=60, allow_redirects=False)
        assert answer.headers["Location"].startswith(CALLBACK)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


class SimpleFinBank(GoCardlessBank):
    """One host's bank at SimpleFIN: a pasted token instead of a page."""

    key = fault_name = "simplefin"
    ended_fault = ("revoked", {})
    limited_fault = ("rate_limited", {"reset": 1800})
    down_fault = "down"

    def save_keys(self, now):
        """There are none."""

    def token(self):
        return self.process.control("POST", f"/simplefin/{self.slug}/token")["token"]

    def connect(self, user_id, now, provider=None, renews=None):
        provider = provider or provider_keys.provider(self.key, now=now)
        return connecting.connect_with_token(
            token=self.token(), user_id=user_id, provider=provider, now=now, renews=renews
        )
