"""`manage.py export_tenant --tenant SLUG --out FILE [--json]`, or `--check FILE`."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.audit.acting import Acting
from payymo.audit.services.recording import record
from payymo.operations.services import exporting
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Write one archive of everything of a tenant, or check one."""

    help = "Write one archive of everything of a tenant (docs/tenant-export.md), or check one that was written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the tenant's slug, in whatever state it is")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--out", type=Path, help="the file to write; it must not exist")
        what.add_argument("--check", type=Path, help="compare an archive with its own manifest; needs no tenant")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self._check(options["check"]) if options["check"] else self._write(options)
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(f"{result['rows']} rows in {result['file']}.")
        if result.get("unreadable"):
            raise CommandError(f"{result['unreadable']} sealed values open with no key.", returncode=1)

    def _check(self, path: Path) -> dict[str, Any]:
        return {"file": str(path), "rows": exporting.check_archive(path)}

    def _write(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["tenant"]:
            raise CommandError("Name the tenant: --tenant SLUG.", returncode=2)
        tenant, now = find_tenant(slug=options["tenant"]), timezone.now()
        written = exporting.export_tenant(tenant=tenant, path=options["out"], now=now)
        with context.inside(tenant, deleting_too=True):
            record(action="tenant.exported", about=tenant, by=Acting("operator"), details={"sha256": written.sha256})
        return {
            "file": str(written.path), "rows": written.rows, "sha256": written.sha256, "unreadable": written.unreadable,
        }  # fmt: skip
