"""Pages as they come out of a printer: sheets that a browser made of them, read as text and as colours."""

from io import BytesIO

from playwright.sync_api import Page
from pypdf import PageObject, PdfReader

# Half a sheet of A4, so that a page with a few rows takes more than one.
WIDE, HIGH = "210mm", "120mm"
# What a dark page writes with, as parts of one; on paper nothing is as light but what is white.
LIGHT = 0.6
ASKED = """() => ({
    head: document.querySelector('.pm-print-head')?.textContent || '',
    chosen: [...document.querySelectorAll('.pm-filter-chip')].map(each => each.firstChild.textContent),
    columns: [...document.querySelectorAll('main .table')].slice(0, 1).flatMap(
        table => [...table.tHead.querySelectorAll('th')].map(each => each.textContent)),
    shell: [...document.querySelectorAll('.pm-skip, .footer .pm-chip')].map(each => each.textContent),
})"""


def _plain(text: str) -> str:
    # A printer sets letters where they stand, not words: spaces are guessed by whoever reads them.
    return "".join(text.split()).casefold()


def _light_texts(sheet: PageObject) -> set[tuple[float, ...]]:
    """Return the colours of texts that can only be read on a dark ground."""
    found: set[tuple[float, ...]] = set()
    fill: tuple[float, ...] = (0.0,)

    def look(operator: bytes, operands: list, *_: object) -> None:
        nonlocal fill
        if operator in (b"rg", b"g"):
            fill = tuple(map(float, operands))
        elif operator in (b"Tj", b"TJ") and LIGHT < min(fill) < 1:
            found.add(fill)

    sheet.extract_text(visitor_operand_before=look)
    return found


def wrong_on(page: Page, *, is_list: bool) -> list[str]:
    """Print the page, dark as its reader has it, and return what the sheets lack.

    Shape: of a list the table goes over every sheet, and each has its heads; what is filtered may fill one alone.
    """
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    asked = page.evaluate(ASKED)
    sheets = PdfReader(BytesIO(page.pdf(width=WIDE, height=HIGH))).pages
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    texts = [_plain(sheet.extract_text()) for sheet in sheets]
    missing = [each for each in (asked["head"], *asked["chosen"]) if not each or _plain(each) not in texts[0]]
    numbers = [n for n in range(len(texts)) if _plain(f"{n + 1} / {len(texts)}") not in texts[n]]
    shell = [each for each in asked["shell"] if any(_plain(each) in text for text in texts[1:])]
    heads = [each for each in asked["columns"] if is_list and any(_plain(each) not in text for text in texts)]
    light = set().union(*map(_light_texts, sheets))
    wrong = {"not said": missing, "sheets not numbered": numbers, "no heads": heads, "shell": shell, "light": light}
    wrong["sheets"] = [] if len(texts) > 1 or asked["chosen"] else [len(texts)]
    return [f"{name}: {sorted(each)}" for name, each in wrong.items() if each]
