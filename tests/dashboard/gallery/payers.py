"""Payers, search, display and general settings with invented data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from payymo.dashboard import pages
from payymo.dashboard.forms_settings import DisplayForm, GeneralForm, SupportForm
from payymo.dashboard.pages.general import DisplayPage, GeneralSettingsPage, Guide, HelpPage, SetupPage
from payymo.dashboard.pages.payers import PayerPage, PayerPayment, PayerRow, PayersPage
from payymo.dashboard.pages.search import Hit, HitGroup, SearchPage
from tests.dashboard.gallery.common import MATCHED, ago, eur, table

USED = pages.Chip("Used", "ok")
DAY = date(2026, 11, 12)


def payers(**changes: object) -> PayersPage:
    rows = (
        PayerRow("/payers/one/", "Acme Hosting GmbH", "Account …\u00a03000", "Acme Hosting GmbH", 7, 0, DAY, USED),
        PayerRow("/payers/one/", "MUELLER J", "Name", "Julia Mueller", 3, 1, DAY, pages.Chip("Not used")),
    )
    return replace(
        PayersPage(rows, pages.Filters(clear_url="/payers/"), pages.Pager("/payers/?after=x"), table("payers")),
        **changes,
    )


def payer() -> PayerPage:
    facts = (pages.Fact("Known by", text="Account …\u00a03000"), pages.Fact("Pays for", text="Acme Hosting GmbH #771"))
    payment = PayerPayment("/transactions/", DAY, "INV-1042 Acme Hosting Nov", eur("1190.00"), MATCHED)
    return PayerPage("Acme Hosting GmbH", USED, facts, (payment,), "", False, "/payers/", "/payers/", "/payers/")


def search() -> SearchPage:
    places = (Hit("Overview", "/", "layout-dashboard", keys="G O"), Hit("Rules", "/rules/", "sliders-horizontal"))
    invoices = (Hit("INV-1042", "/invoices/", "file-text", "Acme Hosting GmbH, Unpaid", eur("1190.00")),)
    return SearchPage("a", (HitGroup("Pages and actions", places), HitGroup("Invoices", invoices, "/invoices/?q=a")))


def display() -> DisplayPage:
    return DisplayPage(DisplayForm(initial={"language": "en", "keys": True}))


def general() -> GeneralSettingsPage:
    form = GeneralForm(initial={"time_zone": "Europe/Berlin", "language": "de", "undo_seconds": 30})
    visits = (pages.Event(ago(hours=1), "Sam", "Payymo's staff entered", icon="users"),)
    return GeneralSettingsPage(form, SupportForm(), "/settings/support/", "", visits)


def setup() -> SetupPage:
    done = pages.SetupStep("Connect WHMCS", "412 open invoices read", True, "/connections/")
    return SetupPage((done, pages.SetupStep("Invite a colleague", "Large payments need two.", False, "/members/")))


def help_index() -> HelpPage:
    return HelpPage((Guide("bookkeeper", "Deciding payments", "From the first to the last.", "/help/"),))
