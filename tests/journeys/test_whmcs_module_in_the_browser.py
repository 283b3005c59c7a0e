"""An administrator of WHMCS sees a suggestion beside an invoice and approves it, in a browser and in real PHP."""

import base64
import json

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from matching.models import Decision
from matching.services import proposing
from tests.factories import rows
from tests.whmcs.module.host import Host
from tests.whmcs.module.test_events import pair
from whmcs.models import Posting


@pytest.fixture
def host(served, committed_acme, owner, tmp_path):
    told = {**pair(rows.instance(), owner, now=timezone.now()), "url": served.url("")}
    found = Host(tmp_path, "payymo1." + base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("="))
    yield found
    found.end()


def test_an_administrator_approves_beside_the_invoice(host, browser):
    debt = rows.invoice("INV-1042", "119.00", whmcs_id=501)
    payment = rows.transfer("INV-1042 hosting", "119.00", name="Ada & <b>Sons</b>")
    proposing.propose(receipts=[payment], now=timezone.now())
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto(f"{host.url}/admin/invoices.php?id={debt.whmcs_id}")
    box = page.locator(".payymo-box")
    expect(box).to_contain_text("Ada & <b>Sons</b>")
    expect(box).to_contain_text("“INV-1042” is in the reference")
    box.get_by_role("button", name="Approve").click()
    expect(box.get_by_role("status")).to_contain_text("Approved.")
    page.goto(f"{host.url}/admin/addonmodules.php?module=payymo&tab=log")
    expect(page.locator("table")).to_contain_text("by administrator 3")

    [decision] = Decision.objects.all()
    assert (decision.kind, decision.decided_by_name) == ("APPROVE", "Owner (WHMCS #3)")
    assert Posting.objects.count() == 1
    assert errors == []

    page.goto(f"{host.url}/admin/addonmodules.php?module=payymo&tab=connection")
    expect(page.locator(".payymo-box")).to_contain_text("Payymo answers. This WHMCS is known there as Billing")

    page.context.add_cookies([{"name": "no_addon", "value": "1", "url": host.url}])
    page.goto(f"{host.url}/admin/invoices.php?id={debt.whmcs_id}")
    expect(page.locator(".payymo-box[data-payymo-shown]")).to_be_hidden()
    page.close()
