"""The Rules pages with invented data."""

from __future__ import annotations

from datetime import date

from django import forms

from payymo.dashboard.pages import Chip, Fact, Filters
from payymo.dashboard.pages.rules import (
    OfferCard,
    RuleFormPage,
    RulePage,
    RuleRow,
    RulesPage,
    RuleTest,
    TestedPayment,
)
from tests.dashboard.gallery.common import ago, eur, table


class RuleForm(forms.Form):
    name = forms.CharField(label="Name", required=False)
    payer_text = forms.CharField(
        label="Payer's name holds", required=False, help_text="Capital letters and spacing do not matter."
    )
    payer_is_pattern = forms.BooleanField(label="This is a pattern (RE2)", required=False)
    action = forms.ChoiceField(label="Action", choices=[("ignore", "Ignore"), ("set_client", "Set the client")])
    fee_limit = forms.DecimalField(label="Write off up to", required=False)

    def groups(self):
        name, *shown = self.visible_fields()
        return ("When all of this holds", shown[:2]), ("Then", [*shown[2:], name])


def row(place: int, name: str, when: str, then: str, hits: int, wrong: int, *, paused: bool = False) -> RuleRow:
    state = Chip("Paused", "neutral") if paused else Chip("Active", "ok")
    urls = {"up_url": "/u/" if place > 1 else "", "down_url": "/d/" if place < 4 else "", "pause_url": "/p/"}
    return RuleRow("/rules/one/", place, name, when, then, state, hits, wrong, ago(minutes=3), is_paused=paused, **urls)


ROWS = (
    row(1, "Salaries", "When the reference holds “lohn gehalt” and money left", "Ignore it: Payroll.", 214, 0),
    row(2, "Eva pays for Northwind", "When it comes from account … 3000", "It pays for Northwind Ltd.", 31, 2),
    row(3, "Bank keeps a fee", "When it is in EUR", "Write off up to 5.00 EUR that is missing, as a fee.", 12, 0),
    row(
        4,
        "Large amounts",
        "When the amount is at least 10,000.00 EUR",
        "A person always decides.",
        7,
        0,
        paused=True,
    ),
)
OFFERS = (
    OfferCard("When the payer's name holds “Finanzamt Mitte”", "Ignore it: Tax.", 5, "/rules/new/", "/rules/new/"),
    OfferCard(
        "When it comes from account … 7731", "It pays for Atelier Bernard SARL.", 3, "/rules/new/", "/rules/new/"
    ),
)
PAYMENTS = (
    TestedPayment("/t/", date(2026, 11, 12), "MUELLER, J.", "RE 1038", eur("49.00"), Chip("Would be wrong", "bad")),
    TestedPayment("/t/", date(2026, 11, 10), "Eva Kowalska", "hosting", eur("95.00"), Chip("Would change", "info")),
    TestedPayment(
        "/t/", date(2026, 10, 3), "Eva Kowalska", "hosting okt", eur("95.00"), Chip("Nothing new", "neutral")
    ),
)
TEST = RuleTest(date(2026, 8, 16), 3120, 34, 3, 1, PAYMENTS)


def listing() -> RulesPage:
    return RulesPage(ROWS, Filters(), table("rules"), OFFERS, "/rules/new/")


def empty() -> RulesPage:
    return RulesPage((), Filters(), table("rules"), (), "/rules/new/")


def form() -> RuleFormPage:
    return RuleFormPage(RuleForm(), "/rules/", TEST)


def detail() -> RulePage:
    facts = (
        Fact("When", text=ROWS[1].when),
        Fact("Then", text=ROWS[1].then),
        Fact("Followed", text="31 payments"),
        Fact("Wrong", text="2 payments"),
        Fact("Last run", moment=ago(minutes=3)),
        Fact("By", text="Ana Petrova"),
    )
    return RulePage(ROWS[1].name, ROWS[1].state, facts, "/rules/one/?test=1", RuleForm(), TEST, "/p/", "/r/")
