"""Connections, imports, settings and sign-in with invented data."""

from __future__ import annotations

from dataclasses import replace

from django import forms

from payymo.dashboard import pages
from payymo.dashboard.pages import (
    Chip,
    Choice,
    Fact,
    Filters,
    Pager,
)
from payymo.dashboard.pages.settings import ConnectionPage, FetchLine
from payymo.dashboard.pages.whmcs_module import WhmcsModulePage
from tests.dashboard.gallery.common import TODAY, ago, eur, table
from tests.dashboard.gallery.records import EVENTS

TILES = (
    pages.ProviderTile(
        "whmcs", "WHMCS", "Clients and invoices are read, payments are booked.", 1, "/connections/whmcs/new/"
    ),
    pages.ProviderTile(
        "bank", "Bank", "Open banking: accounts, balances and transactions.", 1, "/connections/bank/new/"
    ),
    pages.ProviderTile("stripe", "Stripe", "Charges, refunds, disputes and payouts.", 0, "/connections/stripe/new/"),
)


def connection() -> ConnectionPage:
    """The bank of the list, with what it fetched."""
    card = next(each for each in connections().connections if each.kind == "bank")
    states = (pages.Chip("Read", "ok"), pages.Chip("2 entries refused", "bad"), pages.Chip("Not read yet", "info"))
    fetches = tuple(
        FetchLine(ago(hours=6 * number), "Business", TODAY, TODAY if number else None, state)
        for number, state in enumerate(states)
    )
    return ConnectionPage(card, (pages.Fact("Connected", moment=ago(days=9)),), fetches)


def connections(**changes: object) -> pages.ConnectionsPage:
    accounts = (
        pages.AccountLine("Main account", "DE89 … 3000", "EUR", eur("48213.77"), "/transactions/"),
        pages.AccountLine("Reserve", "DE12 … 9911", "EUR"),
        pages.AccountLine(
            "Savings", "… G-A1", "EUR", asks="This looks like Main account … 3000 (Rabobank): 16 of 16 entries agree.",
            choices=(pages.Choice("1", "Main account … 3000 (Rabobank): 16 of 16 entries agree", selected=True),),
            answer_url="/c/1/answer/",
        ),
        pages.AccountLine(
            "Old savings", "… G-A2", "EUR", joined="Is Main account … 3000 (Rabobank), which nobody reads now.",
            known="2", answer_url="/c/1/answer/",
        ),
    )  # fmt: skip
    cards = (
        pages.ConnectionCard("bank", "N26 Business", "Open banking, 2 accounts", Chip("Running", "ok"), ago(minutes=5),
                             ago(hours=-3), "3 of 4", "12 Feb 2027, 90 days left", 50, "", accounts, (),
                             "/c/1/sync/", "/c/1/renew/", remove_url="/c/1/remove/"),
        pages.ConnectionCard("bank", "Rabobank Zakelijk", "Open banking, 1 account", Chip("Consent ends soon", "warn"),
                             ago(hours=9), ago(hours=-1), "0 of 4", "21 Nov 2026, 7 days left", 8, "", (), (),
                             "/c/4/sync/", "/c/4/renew/", remove_url="/c/4/remove/"),
        pages.ConnectionCard("whmcs", "billing.northhost.example", "WHMCS 8.13, EUR", Chip("Not answering", "bad"),
                             ago(hours=2), ago(minutes=-4), last_error="WHMCS answered with a maintenance page instead "
                             "of data. Nothing was lost; it is tried again every few minutes.",
                             facts=(Fact("Open invoices", text="412"),), sync_url="/c/2/sync/",
                             remove_url="/c/2/remove/"),
        pages.ConnectionCard("stripe", "Stripe acct_1NorthHost", "Restricted key … 7Kq2", Chip("Running", "ok"),
                             ago(minutes=2), None, sync_url="/c/3/sync/", remove_url="/c/3/remove/"),
    )  # fmt: skip
    return replace(pages.ConnectionsPage(TILES, cards), **changes)


class WhmcsForm(forms.Form):
    name = forms.CharField(label="Name", initial="Northhost billing")
    url = forms.URLField(
        assume_scheme="https", label="Address of WHMCS", help_text="As you open it in the browser, with https."
    )
    identifier = forms.CharField(label="API identifier")
    secret = forms.CharField(label="API secret", widget=forms.PasswordInput, help_text="Kept encrypted, never shown.")


class StripeForm(forms.Form):
    restricted_key = forms.CharField(label="Restricted key", widget=forms.PasswordInput)
    webhook_secret = forms.CharField(label="Webhook secret", required=False, widget=forms.PasswordInput)


class UploadForm(forms.Form):
    file = forms.FileField(label="Statement file")
    account = forms.ChoiceField(label="Account", choices=[("1", "N26 Business · … 3000")])


class MappingForm(forms.Form):
    delimiter = forms.ChoiceField(label="Columns are separated by", choices=[(";", "Semicolon"), (",", "Comma")])
    booking_date = forms.ChoiceField(label="Booking date", choices=[("0", "Buchungstag")])
    amount = forms.ChoiceField(label="Amount", choices=[("3", "Betrag")])
    has_header = forms.BooleanField(label="The first row holds the names", required=False)


class PolicyForm(forms.Form):
    is_on = forms.BooleanField(label="Approve certain payments automatically", required=False)
    bands = forms.MultipleChoiceField(
        label="Which suggestions",
        choices=[("exact", "Exact"), ("likely", "Likely")],
        widget=forms.CheckboxSelectMultiple,
    )
    largest_amount = forms.DecimalField(label="Largest amount", required=False, help_text="Above it a person decides.")


class SignInForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


def connect_form(*, filled: bool = False) -> pages.ConnectFormPage:
    form = WhmcsForm({"name": "Northhost", "url": "no address"}) if filled else WhmcsForm()
    return pages.ConnectFormPage(
        "whmcs", "Connect WHMCS", "Payymo reads clients and invoices, and books payments you approved.", form,
        "Test and connect",
        ("In WHMCS, open Configuration, System settings, API credentials.", "Create a role that may read invoices.",
         "Generate credentials for it and copy both parts."),
        "/connections/", "WHMCS did not answer at this address. Nothing was saved." if filled else "",
        endpoint="https://northhost.example/api/v1/webhooks/stripe/" if filled else "",
    )  # fmt: skip


def module() -> WhmcsModulePage:
    return WhmcsModulePage(
        name="Northhost",
        chip=Chip("Connected", "ok"),
        facts=(
            pages.Fact("Last heard", moment=ago(minutes=3)), pages.Fact("Events waiting in WHMCS", text="0"),
            pages.Fact("Payments are booked", text="through the module"), pages.Fact("Version", text="1.0.0"),
        ),
        steps=("Unpack the module's archive into the folder of WHMCS.", "Make a setup code here and paste it there."),
        pair_url="/connections/whmcs/one/module/pair/",
        remove_url="/connections/whmcs/one/module/remove/",
        setup_code="payymo1." + "eyJ1cmwiOiJodHRwczovL2FjbWUucGF5eW1vLmV4YW1wbGUi" * 6,
    )  # fmt: skip


def bank(step: str = "bank") -> pages.BankPage:
    countries = (Choice("DE", "Germany", True), Choice("NL", "Netherlands"))
    names = ("Commerzbank", "Deutsche Bank", "GLS Bank", "ING-DiBa", "N26 Business", "Sparkasse Köln", "Volksbank Bonn")
    banks = tuple(pages.Institution(f"BANK_{n}", name, "90 days of history") for n, name in enumerate(names))
    if step == "country":
        return pages.BankPage(countries, cancel_url="/connections/")
    if step == "consent":
        return pages.BankPage(
            countries, country="DE", chosen="N26 Business", consent_url="https://bank.example/consent",
            consent_days=90, cancel_url="/connections/",
        )  # fmt: skip
    if step == "credentials":
        return pages.BankPage(countries, credentials=WhmcsForm(), cancel_url="/connections/")
    refused = "The bank refused the request."
    return pages.BankPage(countries, institutions=banks, country="DE", cancel_url="/connections/", error=refused)


def imports(**changes: object) -> pages.ImportsPage:
    rows = (
        pages.ImportRow("/imports/1/", "kontoauszug_2026-11.xml", "CAMT.053", "Main · … 3000",
                        ago(hours=1), "Ana Petrova", 212, 38, 0, Chip("Imported", "ok")),
        pages.ImportRow("/imports/2/", "umsaetze.csv", "CSV", "", ago(hours=2), "Tom Weber", 0, 0, 3,
                        Chip("To map", "info")),
    )  # fmt: skip
    return replace(
        pages.ImportsPage(rows, table("imports"), Filters(), Pager("/imports/?after=2_2"), "/imports/new/"), **changes
    )


def import_page(step: str) -> pages.ImportPage:
    rows = (
        pages.PreviewRow(4, "new", "14 Nov 2026", "Acme Hosting GmbH", "INV-1042", eur("1190.00")),
        pages.PreviewRow(5, "known", "14 Nov 2026", "MUELLER, J.", "RE 1038", eur("49.00"), "already imported"),
        pages.PreviewRow(6, "pending", "14 Nov 2026", "Globex BV", "", eur("598.80"), "not booked yet"),
        pages.PreviewRow(7, "refused", note="“abc” is not an amount"),
    )
    proofs = (
        pages.Proof(eur("47023.77"), eur("1190.00"), eur("48213.77"), True),
        pages.Proof(eur("1.00"), eur("2.00"), eur("4.00"), False, "1.00 EUR is missing."),
    )
    told = (pages.LineNote(7, "“abc” is not an amount"), pages.LineNote(0, "An entry of 13 Nov is no longer shown."))
    whole = pages.ImportPage("umsaetze.csv", "CSV", "Main · … 3000", Chip("To check", "info"), "preview",
                             facts=(Fact("Uploaded", moment=ago(minutes=2)), Fact("Size", text="18 kB")))  # fmt: skip
    if step == "map":
        sample = (("Buchungstag", "Name", "Verwendungszweck", "Betrag"), ("14.11.2026", "Acme", "INV-1042", "1.190,00"))
        return replace(
            whole,
            step="map",
            mapping=MappingForm({"amount": "9"}),
            sample=sample,
            map_url="/imports/1/map/",
            discard_url="/imports/1/discard/",
        )
    if step == "failed":
        return replace(whole, step="failed", error="Line 3: two currencies in one statement. Nothing was saved.")
    done = {"result_url": "/transactions/?import=1"} if step == "done" else {
        "commit_url": "/imports/1/commit/", "discard_url": "/imports/1/discard/"}  # fmt: skip
    return replace(
        whole,
        step=step,
        rows=rows,
        rows_more=208,
        new=212,
        known=38,
        refused=1,
        pending=1,
        proofs=proofs,
        refusals=told[:1],
        notes=told[1:],
        **done,
    )


def matching_settings() -> pages.MatchingSettingsPage:
    return pages.MatchingSettingsPage(
        PolicyForm({"bands": ["wrong"]}), True, pages.Forecast(30, 312, 388, 0), EVENTS[:2]
    )


def sign_in(**changes: object) -> pages.SignInPage:
    whole = pages.SignInPage("Northhost GmbH", SignInForm(), "/review/", "Demo: owner@acme.example")
    return replace(whole, **changes)
