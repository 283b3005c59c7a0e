"""A month's reports as one file: a PDF, a workbook, and each table as CSV."""

import tempfile
import zipfile
from collections.abc import Callable
from typing import IO

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from payymo.dashboard import formats
from payymo.dashboard.reports import files, pdf_file
from payymo.dashboard.reports.catalogue import REPORTS
from payymo.dashboard.reports.periods import month_of
from payymo.operations.models import ReportPack
from tenants import context

_IN_MEMORY = 1 << 22


def write(row: ReportPack, progress: Callable[[int, int], None]) -> IO[bytes]:
    """Write what the row asks for, in its language and the tenant's time zone; `progress` gets steps done and all.

    Shape: each report is as it would be for that month: its days, the year that ends with it, or its last day.
    """
    tenant, now = context.current(), timezone.now()
    entries = [entry for entry in REPORTS.values() if row.report in ("", entry.name)]
    steps, done = len(entries) + 2, 0
    progress(done, steps)
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - whoever reads it closes it
    with (
        override(row.language), timezone.override(tenant.time_zone),
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):  # fmt: skip
        reports = [entry.build(month_of(row.month, entry.span, now=now)) for entry in entries]
        name = f"{tenant.slug}-{row.month:%Y-%m}"
        writers: list[tuple[str, Callable[[IO[bytes]], None]]] = [
            (f"{report.name}.csv", lambda file, report=report: files.write_csv(file, report)) for report in reports
        ]
        title = _("Reports of %s") % formats.month(row.month)
        made = pdf_file.Made(tenant.name, now)
        writers.append((f"{name}.xlsx", lambda file: files.write_workbook(file, reports, tenant=tenant.name)))
        writers.append((f"{name}.pdf", lambda file: pdf_file.write(file, reports, made, title=title)))
        for file_name, writer in writers:
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as part:
                writer(part)
                part.seek(0)
                with archive.open(f"{name}/{file_name}", "w") as target:
                    while piece := part.read(1 << 16):
                        target.write(piece)
            done += 1
            progress(done, steps)
    out.seek(0)
    return out
