"""What the templates of the dashboard write: money, dates, marked text, icons, form controls.

Use: `{% load dashboard %}`. Each filter shows an empty value as a dash with a hidden word.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from payymo.dashboard import charts, formats, highlight
from payymo.dashboard.links import offer
from payymo.dashboard.pages import Amount, Flow, Marked, Moment, Spark
from payymo.shared.money import to_minor

register = template.Library()

# `{% offer "review" as url %}`: an address, or nothing for whom it would be refused.
register.simple_tag(offer)

BAND_TONES = {"exact": "ok", "likely": "info", "possible": "warn", "none": "neutral"}
BAND_ICONS = {"exact": "check", "likely": "circle-filled", "possible": "circle-half", "none": "minus"}
TONE_ICONS = {"ok": "check", "info": "info", "warn": "triangle-alert", "bad": "circle-alert", "neutral": "circle-dot"}


def _nothing() -> SafeString:
    return format_html('<span aria-hidden="true">–</span><span class="visually-hidden">{}</span>', gettext("none"))


@register.filter
def money(amount: Amount | None) -> str:
    """`1,190.00 EUR`."""
    return formats.money(amount) if amount else _nothing()


@register.filter
def minor(amount: Amount) -> int:
    """`119000`, for scripts: an amount that no reader of decimal signs can misread."""
    return to_minor(amount.value, amount.currency)


@register.filter
def figure(amount: Amount | None) -> str:
    """`1,190.00`, for where the currency is written apart."""
    return formats.figure(amount) if amount else _nothing()


@register.filter
def count(value: int | None) -> str:
    """`1,024`."""
    return formats.number(value) if value is not None else _nothing()


@register.filter
def percent(value: Decimal | float) -> str:
    """`87%`, of a share between 0 and 1."""
    return formats.percent(value)


@register.filter
def bar(value: Decimal | float) -> int:
    """`87`, of a share between 0 and 1, for the length of a bar."""
    return formats.bar(value)


@register.filter
def score(value: Decimal | float) -> str:
    """`0.98`."""
    return formats.score(value)


@register.filter
def day(value: date | None) -> str:
    """`14 Nov 2026`, as a `<time>`."""
    if value is None:
        return _nothing()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.day(value))


@register.filter
def day_short(value: date | None) -> str:
    """`14 Nov`, with the whole date on hover."""
    if value is None:
        return _nothing()
    words = formats.day_short(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), formats.day(value), words)


@register.filter
def moment(value: Moment | None) -> str:
    """`5 min ago`, with the full time on hover."""
    if value is None:
        return _nothing()
    whole = formats.full_moment(value.at)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.at.isoformat(), whole, value.text)


@register.filter
def marked(value: Marked | str | None) -> str:
    """Escape a provider's text, show what is invisible in it, and wrap its spans in `<mark>`."""
    if not value:
        return _nothing()
    return highlight.as_html(value if isinstance(value, Marked) else Marked(value))


@register.filter
def iban(text: str) -> str:
    """`DE89 … 3000`."""
    return formats.masked_iban(text) if text else _nothing()


@register.filter
def dashed(text: str) -> str:
    """The text, or a dash for none."""
    return text or _nothing()


@register.filter
def band_name(band: str) -> str:
    """The word of a band."""
    return {
        "exact": gettext("Exact"),
        "likely": gettext("Likely"),
        "possible": gettext("Possible"),
        "none": gettext("No suggestion"),
    }[band]


@register.filter
def band_tone(band: str) -> str:
    """The colour of a band."""
    return BAND_TONES[band]


@register.filter
def band_icon(band: str) -> str:
    """The icon of a band."""
    return BAND_ICONS[band]


@register.filter
def tone_icon(tone: str) -> str:
    """The icon of a state."""
    return TONE_ICONS[tone]


@register.simple_tag
def icon(name: str, css: str = "pm-icon") -> SafeString:
    """An icon of our sprite; it says nothing to a screen reader, so the words stand beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("dashboard/icons/sprite.svg"),
        name,
    )


@register.simple_tag
def flow_chart(flow: Flow) -> charts.FlowChart:
    """The layout of the overview's picture."""
    return charts.flow_chart(flow)


@register.simple_tag
def spark_line(spark: Spark) -> charts.SparkLine:
    """The layout of a card's small picture."""
    return charts.spark_line(spark)


def _control_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control"


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """Draw a form field's control with our class, tied to its hint and errors."""
    widget = field.field.widget
    attributes: dict[str, Any] = {"class": _control_class(widget)}
    described = [f"{field.id_for_label}-hint"] if field.help_text else []
    if field.errors:
        attributes["class"] += " is-invalid"
        attributes["aria-invalid"] = "true"
        described.append(f"{field.id_for_label}-error")
    if described:
        attributes["aria-describedby"] = " ".join(described)
    return mark_safe(field.as_widget(attrs=attributes))  # noqa: S308 - Django's own widget escapes  # nosec B703


@register.filter
def boxes(field: BoundField) -> list[BoundWidget]:
    """The radio buttons or check boxes of a group, each with our class. Shape: flat, without named parts."""
    for each in field.subwidgets:
        # Django would give a class of the widget to what is around them, too.
        each.data["attrs"]["class"] = "form-check-input"
    return field.subwidgets


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label stands after the control."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Whether the field is a set of radio buttons or check boxes, which needs a legend."""
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
