"""Statement files: the list, the upload, and one of them. Forms are Django forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.forms import BaseForm

from payymo.dashboard.pages.review import Views
from payymo.dashboard.pages.values import Amount, Chip, Fact, Filters, Moment, Pager, Table


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A file in the list."""

    url: str
    name: str
    format: str
    account: str
    moment: Moment
    by: str
    new: int
    known: int
    refused: int
    state: Chip


@dataclass(frozen=True, slots=True)
class ArchiveBox:
    """What importing the files of one archive together would do; files that ask something are in `asking`."""

    name: str
    ready: int
    new: int
    asking: int
    commit_url: str = ""


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """Template `dashboard/imports/list.html`; with `archive` it lists the files of that archive only."""

    rows: tuple[ImportRow, ...]
    table: Table
    filters: Filters | None = None
    pager: Pager | None = None
    upload_url: str = ""
    gaps: tuple[str, ...] = ()
    archive: ArchiveBox | None = None
    empty: Literal["", "nothing", "filtered"] = ""
    views: Views | None = None


@dataclass(frozen=True, slots=True)
class UploadPage:
    """Template `dashboard/imports/upload.html`. The form has a file field and, where several exist, the account."""

    form: BaseForm
    cancel_url: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row of the file as it was understood. `note` says "already known" or why it was refused."""

    line: int
    state: Literal["new", "known", "refused", "pending"]
    day: str = ""
    name: str = ""
    reference: str = ""
    amount: Amount | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Opening balance + entries = closing balance.

    Shape: `holds` is None when the file gives no balance; `adds_up` without `holds`: the sums agree, but a row that
    could not be read leaves it open whether that means anything.
    """

    opening: Amount | None
    entries: Amount
    closing: Amount | None
    holds: bool | None
    adds_up: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class LineNote:
    """What is said about one line of the file; line 0 speaks of the whole file."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ImportPage:
    """Template `dashboard/imports/detail.html`: map the columns, look at the preview, commit.

    Shape: `mapping` is the form of a CSV file's columns while it is to be mapped, with `sample` (the head row first);
    a URL is empty where that step is not possible; `refusals` (not imported) and `notes` (imported, but to be looked
    at) hold the first ones.
    """

    name: str
    format: str
    account: str
    state: Chip
    step: Literal["map", "preview", "done", "failed"]
    facts: tuple[Fact, ...] = ()
    mapping: BaseForm | None = None
    sample: tuple[tuple[str, ...], ...] = ()
    rows: tuple[PreviewRow, ...] = ()
    rows_more: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0
    pending: int = 0
    refusals: tuple[LineNote, ...] = ()
    notes: tuple[LineNote, ...] = ()
    proofs: tuple[Proof, ...] = ()
    error: str = ""
    map_url: str = ""
    anyway: bool = False
    commit_url: str = ""
    discard_url: str = ""
    result_url: str = ""
