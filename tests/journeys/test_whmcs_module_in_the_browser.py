"""An administrator of WHMCS approves and rejects suggestions beside invoices, in a browser and in real PHP."""

import base64
import json

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from matching.models import Decision
from matching.services import proposing
from tests.factories import rows
from tests.journeys.conftest import new_page
from tests.whmcs.module.host import Host
from tests.whmcs.module.test_events import pair
from whmcs.models import Posting


@pytest.fixture
def host(served, committed_acme, owner, tmp_path):
    told = {**pair(rows.instance(), owner, now=timezone.now()), "url": served.url("")}
    found = Host(tmp_path, "payymo1." + base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("="))
    yield found
    found.end()


def test_an_administrator_approves_and_rejects_with_a_reason_beside_the_invoice(host, browser):
    debt = rows.invoice("INV-1042", "119.00", whmcs_id=501)
    payment = rows.transfer("INV-1042 hosting", "119.00", name="Ada & <b>Sons</b>")
    other, wrong = rows.invoice("INV-2077", "30.00", whmcs_id=502), rows.transfer("INV-2077", "30.00")
    proposing.propose(receipts=[payment, wrong], now=timezone.now())
    page = new_page(browser)
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

    page.goto(f"{host.url}/admin/invoices.php?id={other.whmcs_id}")
    box.get_by_text("Reject…").press("Enter")
    box.get_by_label("Reason").select_option("Wrong client")
    box.get_by_role("button", name="Reject", exact=True).click()
    expect(box.get_by_role("status")).to_contain_text("Rejected.")

    decision, rejected = Decision.objects.order_by("pk")
    assert (rejected.kind, rejected.reason, rejected.bank_transaction) == ("REJECT", "Wrong client", wrong)
    assert (decision.kind, decision.decided_by_name) == ("APPROVE", "Owner (WHMCS #3)")
    assert Posting.objects.count() == 1
    assert errors == []

    page.goto(f"{host.url}/admin/addonmodules.php?module=payymo&tab=connection")
    expect(page.locator(".payymo-box")).to_contain_text("Payymo answers. This WHMCS is known there as Billing")

    page.context.add_cookies([{"name": "no_addon", "value": "1", "url": host.url}])
    page.goto(f"{host.url}/admin/invoices.php?id={debt.whmcs_id}")
    expect(page.locator(".payymo-box[data-payymo-shown]")).to_be_hidden()
