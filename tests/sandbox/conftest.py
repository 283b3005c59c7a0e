"""The real server in a process of its own."""

import pytest
import stripe

from payymo.sandbox import world
from payymo.sandbox.process import SandboxProcess, start
from tests.sandbox.clients import UNTIL, Bank, Site, sign_in, site_of, stripe_client


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    process = start(tmp_path_factory.mktemp("providers"), None, "--until", UNTIL)
    yield process
    process.stop()


@pytest.fixture
def sandbox(running) -> SandboxProcess:
    """The server in its first state, without faults."""
    running.control("POST", "/reset")
    return running


@pytest.fixture
def bank(sandbox) -> Bank:
    return sign_in(sandbox, "acme")


@pytest.fixture
def main_account(bank) -> str:
    return bank.accounts(bank.consent("first"))[0]


@pytest.fixture
def acme_stripe(sandbox) -> stripe.StripeClient:
    return stripe_client(sandbox, world.STRIPE["acme"].restricted_key)


@pytest.fixture
def platform(sandbox) -> stripe.StripeClient:
    keys = world.STRIPE_PLATFORM
    return stripe_client(sandbox, keys.secret_key, client_id=keys.client_id)


@pytest.fixture
def site(sandbox) -> Site:
    return site_of(sandbox, "acme")
