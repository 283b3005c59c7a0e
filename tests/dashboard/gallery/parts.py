"""Every part of `templates/cotton/` in its states: as usual, empty, wrong, switched off, long, from right to left."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

from django import forms

from payymo.dashboard.pages import (
    Chip,
    Choice,
    Event,
    Fact,
    Feed,
    FilterChip,
    Filters,
    Head,
    Marked,
    Pager,
    SavedViewLink,
    Span,
    Spark,
    Table,
    Views,
)
from payymo.dashboard.pages.system_health import Check
from payymo.dashboard.pages.values import Change
from tests.dashboard.gallery.common import TODAY, ago, eur
from tests.dashboard.gallery.records import FILTERS

# A company's name in Arabic with a number in it, and a name that no line holds.
RIGHT_TO_LEFT = "شركة الاستضافة السريعة 24"
LONG = "Bundesverband der Datenverarbeitungsdienstleistungsunternehmen und Rechenzentrumsbetreiber e. V., Bezirk Nord"
REFERENCE = "RF18" + "5390075470340005390075470340" * 3
TONES = ("ok", "info", "warn", "bad", "neutral")
TEXTS = ("Up to date", LONG, RIGHT_TO_LEFT)


class FieldsForm(forms.Form):
    """Each kind of control, and each of them switched off."""

    name = forms.CharField(label="Name", help_text="As it stands on the invoice.")
    note = forms.CharField(label=LONG, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    day = forms.DateField(label="Day", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    bank = forms.ChoiceField(label="Bank", choices=[("1", RIGHT_TO_LEFT), ("2", LONG)])
    file = forms.FileField(label="File", required=False)
    tells = forms.BooleanField(label="Tell colleagues", required=False, initial=True, help_text="By mail.")
    bands = forms.MultipleChoiceField(
        label="Which suggestions",
        choices=[("exact", "Exact"), ("likely", "Likely"), ("rtl", RIGHT_TO_LEFT)],
        initial=["exact"],
        widget=forms.CheckboxSelectMultiple,
    )
    once = forms.ChoiceField(
        label="How often", choices=[("day", "Daily"), ("week", "Weekly")], initial="day", widget=forms.RadioSelect
    )


class RefusedForm(FieldsForm):
    """With an error that belongs to no field."""

    def clean(self) -> None:
        raise forms.ValidationError("The bank did not answer. Nothing was saved.")


def _disabled() -> FieldsForm:
    form = FieldsForm(prefix="off", initial={"name": RIGHT_TO_LEFT})
    for field in form.fields.values():
        field.disabled = True
    return form


EVENTS = (
    Event(ago(seconds=40), "Ana Petrova", "Approved 240.00 EUR", RIGHT_TO_LEFT, "ok", "check", "/transactions/",
          "/review/undo/x/", TODAY),
    Event(ago(hours=3), LONG, LONG, LONG, "bad", "x", day=TODAY),
    Event(ago(days=1), RIGHT_TO_LEFT, "Changed the matching", "", "neutral", "settings-2", day=TODAY,
          changes=(Change("Largest amount", "100.00", "50.00"), Change("Name", RIGHT_TO_LEFT))),
)  # fmt: skip


def page(*, compact: bool = False) -> SimpleNamespace:
    fetched = ago(minutes=5)
    return SimpleNamespace(
        tones=TONES,
        texts=TEXTS,
        long=LONG,
        rtl=RIGHT_TO_LEFT,
        reference=REFERENCE,
        chips=[Chip(text, tone) for tone in TONES for text in ("Running", RIGHT_TO_LEFT)] + [Chip(LONG, "warn")],
        bands=("exact", "likely", "possible", "none"),
        kinds=("bank", "stripe", "whmcs", "file"),
        shares=(Decimal(0), Decimal("0.4"), Decimal(1)),
        spark=Spark((Decimal(1), Decimal(9), Decimal(0), Decimal(4)), "4 days, 14 payments, most on the second."),
        amounts=(eur("1190.00"), eur("-0.50"), eur("0"), None),
        facts=(
            Fact("Payer", marked=Marked("Acme GmbH", (Span(0, 4),))),
            Fact("Reference", REFERENCE, verbatim=True),
            Fact("Client", RIGHT_TO_LEFT, url="/payers/"),
            Fact("Amount", amount=eur("49.00")),
            Fact("Booked", day=TODAY),
            Fact("Seen", moment=fetched),
            Fact("Purpose", LONG),
            Fact("Note"),
        ),
        heads=Table(
            heads=(
                Head("Date", "?sort=date", "descending"), Head("Due", "?sort=-due", "ascending"),
                Head(LONG), Head("Amount", "?sort=amount", is_number=True),
            ),
            hidden=frozenset(),
            choices=(Choice("due", "Due", selected=True), Choice("long", LONG), Choice("rtl", RIGHT_TO_LEFT)),
            choose_url="/account/columns/x/",
            back="/ui/",
        ),
        pager=Pager("", "?") if compact else Pager("?after=2", "?"),
        filters=Filters(
            q=RIGHT_TO_LEFT,
            selects=FILTERS.selects,
            chips=(FilterChip("From 1 Nov 2026", "?"), FilterChip(LONG, "?"), FilterChip(RIGHT_TO_LEFT, "?")),
            clear_url="?",
            has_dates=True,
        ),
        views=Views(
            (SavedViewLink("All", "?", True), SavedViewLink(LONG, "?q=1", remove_url="?r=1"),
             SavedViewLink(RIGHT_TO_LEFT, "?q=2", remove_url="?r=2")),
            "q=x", "/lists/x/views/",
        ),
        feeds=(
            Feed("N26 Business", "bank", Chip("Up to date", "ok"), fetched, "3 calls left today", "/connections/"),
            Feed(RIGHT_TO_LEFT, "stripe", Chip("Key refused", "bad")),
            Feed(LONG, "whmcs", Chip("Paused", "neutral"), fetched, LONG),
        ),
        checks=(
            Check("Database", Chip("Well", "ok"), "Answers."),
            Check("Mail", Chip("Look at this", "warn"), LONG, "Show the settings", "/settings/general/"),
            Check(RIGHT_TO_LEFT, Chip("Stopped", "bad"), "No worker answers.", "Start one."),
        ),
        paused=SimpleNamespace(name=RIGHT_TO_LEFT, is_paused=True, pause_url="/ui/"),
        running=SimpleNamespace(name="N26 Business", is_paused=False, pause_url="/ui/"),
        events=EVENTS,
        forms=(
            FieldsForm(),
            FieldsForm({"wrong-name": "", "wrong-day": "x"}, prefix="wrong"),
            RefusedForm(
                {"refused-name": "x", "refused-bank": "1", "refused-bands": ["exact"], "refused-once": "day"},
                prefix="refused",
            ),
            _disabled(),
        ),
    )  # fmt: skip


def said() -> list[SimpleNamespace]:
    """What Django's messages say, one of each kind."""

    class Said(SimpleNamespace):
        def __str__(self) -> str:
            return self.text

    tags = {"success": "View saved.", "error": LONG, "warning": RIGHT_TO_LEFT, "info": "Noted."}
    return [Said(tags=tag, text=text) for tag, text in tags.items()]
