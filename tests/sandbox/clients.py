"""Other people's clients, pointed at the stand-ins."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import requests
import stripe
import whmcspy
from nordigen import NordigenClient

from payymo.sandbox import world
from payymo.sandbox.process import SandboxProcess

UNTIL = "2024-03-31"
CALLBACK = "http://acme.localhost/connections/bank/callback/"


def fault(sandbox: SandboxProcess, provider: str, name: str, **more) -> None:
    sandbox.control("POST", "/faults", {"provider": provider, "fault": name, **more})


# GoCardless ----------------------------------------------------------------------------------------------------------


@dataclass
class Bank:
    """The public client of one company, signed in."""

    client: NordigenClient
    base: str
    institution: str

    def consent(self, reference: str, **days) -> str:
        """Connect the company's bank the way a user does and return the requisition."""
        session = self.client.initialize_session(CALLBACK, self.institution, reference, **days)
        approve(session.link)
        return session.requisition_id

    def accounts(self, requisition: str) -> list[str]:
        return self.client.requisition.get_requisition_by_id(requisition)["accounts"]

    def get(self, path: str, **params) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.client.token}"}
        return requests.get(f"{self.base}/{path}", params=params, headers=headers, timeout=60)

    def post(self, path: str, body: dict) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.client.token}"}
        return requests.post(f"{self.base}/{path}", json=body, headers=headers, timeout=60)


def approve(link: str) -> dict[str, list[str]]:
    """Walk through the consent page and return what the callback is told."""
    requests.get(link, timeout=60).raise_for_status()
    decided = requests.post(link, data={"action": "approve"}, allow_redirects=False, timeout=60)
    at_bank = f"{urlsplit(link).scheme}://{urlsplit(link).netloc}{decided.headers['Location']}"
    back = requests.get(at_bank, allow_redirects=False, timeout=60)
    return parse_qs(urlsplit(back.headers["Location"]).query)


def sign_in(sandbox: SandboxProcess, slug: str) -> Bank:
    keys = world.GOCARDLESS[slug]
    base = f"{sandbox.base_url}/gocardless/api/v2"
    client = NordigenClient(secret_id=keys.secret_id, secret_key=keys.secret_key, base_url=base)
    client.generate_token()
    return Bank(client, base, keys.institution_ids[0])


# Stripe --------------------------------------------------------------------------------------------------------------


def stripe_client(sandbox: SandboxProcess, key: str, **more) -> stripe.StripeClient:
    base = f"{sandbox.base_url}/stripe"
    return stripe.StripeClient(key, base_addresses={"api": base, "connect": base}, max_network_retries=0, **more)


# WHMCS ---------------------------------------------------------------------------------------------------------------


@dataclass
class Site:
    """A WHMCS site: the public client, and bare posts where the answer itself is looked at."""

    client: whmcspy.WHMCS
    sandbox: SandboxProcess
    slug: str

    @property
    def url(self) -> str:
        return self.client.url

    def post(self, action: str, **params) -> requests.Response:
        keys = world.WHMCS[self.slug]
        data = {
            "identifier": keys.identifier,
            "secret": keys.secret,
            "action": action,
            "responsetype": "json",
            **params,
        }
        return requests.post(self.url, data=data, timeout=60)

    def book(self) -> dict:
        return self.sandbox.control("GET", f"/book/{self.slug}")

    def rows(self, invoice: int) -> list[tuple[str, int]]:
        """Return (transid, amount in minor units) of every payment booked on an invoice."""
        return [(one["transid"], one["amountin"]) for one in self.book()["transactions"] if one["invoiceid"] == invoice]

    def new_invoice(self, total: str, **more) -> int:
        userid = {"acme": 1204, "globex": 318}[self.slug]
        made = self.sandbox.control("POST", f"/whmcs/{self.slug}/invoice", {"userid": userid, "total": total, **more})
        return made["invoiceid"]

    def credit(self) -> int:
        userid = {"acme": "1204", "globex": "318"}[self.slug]
        return self.book()["credits"].get(userid, 0)


def site_of(sandbox: SandboxProcess, slug: str) -> Site:
    keys = world.WHMCS[slug]
    url = f"{sandbox.base_url}/whmcs/{slug}/includes/api.php"
    return Site(whmcspy.WHMCS(url, keys.identifier, keys.secret), sandbox, slug)
