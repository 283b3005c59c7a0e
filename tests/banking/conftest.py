"""The banks of both hosts in the running stand-in."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from banking.services import provider_keys
from payymo.sandbox import world
from tests.banking.bank import Bank


@pytest.fixture
def now():
    """The present moment: the stand-in's tokens and consents run by the real clock."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def bank(sandbox) -> Bank:
    """Acme's bank in its first state."""
    cache.clear()
    return Bank(sandbox, "acme")


@pytest.fixture
def globex_bank(bank, sandbox) -> Bank:
    """The bank of the other tenant's host."""
    return Bank(sandbox, "globex")


@pytest.fixture
def provider(in_acme, bank, now):
    """Acme's provider with keys that were saved."""
    bank.save_keys(now)
    return provider_keys.provider("gocardless_bad", now=now)


@pytest.fixture
def connection(provider, bank, owner, now):
    """Acme's bank, connected by its owner."""
    return bank.connect(owner.pk, now, provider)


@pytest.fixture
def account(connection):
    """Acme's main account."""
    return connection.accounts.get(iban_last4=world.COMPANIES["acme"].main_iban[-4:])


@pytest.fixture
def later(now):
    def after(**delta):
        return now + timedelta(**delta)

    return after
