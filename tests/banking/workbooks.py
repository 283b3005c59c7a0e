"""Excel workbooks written part by part, so that a test can spoil any of them."""

import io
import zipfile
from collections.abc import Sequence

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DATE_STYLE = ' s="1"'


def number(value: str, style: str = "") -> str:
    """A cell with a number."""
    return f"<c{style} {{place}}><v>{value}</v></c>"


def text(value: str) -> str:
    """A cell with a text of its own."""
    return f'<c t="inlineStr" {{place}}><is><t>{value}</t></is></c>'


def sheet(*rows: Sequence[str], first_row: int = 1) -> str:
    """A sheet of such cells."""
    lines = []
    for row, cells in enumerate(rows, start=first_row):
        placed = "".join(
            cell.replace("{place}", f'r="{chr(65 + column)}{row}"') for column, cell in enumerate(cells) if cell
        )
        lines.append(f'<row r="{row}">{placed}</row>')
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def workbook(sheets: dict[str, str], *, hidden: Sequence[str] = (), more: dict[str, bytes] | None = None) -> bytes:
    """A workbook of the sheets; style 1 shows a date."""
    named = list(sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{at}" r:id="rId{at}" state="{"hidden" if name in hidden else "visible"}"/>'
            for at, name in enumerate(named, start=1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
            for at in range(1, len(named) + 1)
        )
        + f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>",
        **{f"xl/worksheets/sheet{at}.xml": sheets[name] for at, name in enumerate(named, start=1)},
    }
    return archive({**{name: content.encode() for name, content in parts.items()}, **(more or {})})


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP archive of the files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return packed.getvalue()


HEAD = (text("Date"), text("Payee"), text("Amount"), text("Currency"))


def statement(*amounts: str, first_row: int = 1) -> bytes:
    """A workbook with one entry for each amount, written as a number, from 1 March 2026 on."""
    rows = [
        (number(str(46082 + day), DATE_STYLE), text(f"Payer {day}"), number(amount), text("EUR"))
        for day, amount in enumerate(amounts)
    ]
    return workbook({"Entries": sheet(HEAD, *rows, first_row=first_row)})
