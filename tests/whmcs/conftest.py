"""A connected WHMCS of acme in the running stand-in."""

import pytest

from tests.whmcs.site import Site, connect, mirror
from whmcs.models import Invoice, WhmcsInstance


@pytest.fixture
def site(sandbox_process) -> Site:
    found = Site(sandbox_process, "acme")
    found.quiet()
    yield found
    found.quiet()


@pytest.fixture
def small_site(sandbox_process) -> Site:
    """The smaller host, whose invoices get their number when they are paid."""
    found = Site(sandbox_process, "globex")
    found.quiet()
    yield found
    found.quiet()


@pytest.fixture
def instance(in_acme, site) -> WhmcsInstance:
    return connect(site)


@pytest.fixture
def invoice(instance, site) -> Invoice:
    """An open invoice of 119.00 EUR, mirrored."""
    return mirror(site, instance, site.new_invoice("119.00"))


@pytest.fixture
def committed_instance(committed_acme, site) -> WhmcsInstance:
    """A connection that other threads and processes see."""
    return connect(site)
