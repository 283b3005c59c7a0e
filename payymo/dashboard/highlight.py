"""Marked text: escaped first, then wrapped."""

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from payymo.dashboard.formats import visible
from payymo.dashboard.pages.values import Marked, Span


def merged(spans: tuple[Span, ...], length: int) -> list[Span]:
    """Clip spans to the text, drop the empty ones and join those that touch; sorted by start."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        start, end = max(span.start, 0), min(span.end, length)
        if start >= end:
            continue
        if result and start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, end))
        else:
            result.append(Span(start, end))
    return result


def as_html(value: Marked) -> SafeString:
    """Return the text for a page: every piece escaped, the spans in `<mark>`."""
    pieces: list[str] = []
    at = 0
    for span in merged(value.spans, len(value.text)):
        pieces.append(escape(visible(value.text[at : span.start])))
        pieces.append(f"<mark>{escape(visible(value.text[span.start : span.end]))}</mark>")
        at = span.end
    pieces.append(escape(visible(value.text[at:])))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece went through escape()  # nosec B703
