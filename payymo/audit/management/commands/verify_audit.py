"""`manage.py verify_audit (--tenant SLUG | --platform | --all | --file FILE) [--json]`."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payymo.audit.services import proving
from payymo.shared.audit_chain import Verdict
from payymo.shared.errors import DomainError
from tenants import context
from tenants.models import Tenant
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Check that nothing in an audit log is missing or changed."""

    help = "Check that nothing in an audit log is missing or changed. Exit status 1 names the first wrong entry."

    # Django's checks load every page, which takes longer than all else here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--tenant", help="the tenant's slug")
        what.add_argument("--platform", action="store_true", help="the log of what was done to tenants and keys")
        what.add_argument("--all", action="store_true", help="every tenant's and the platform's; ends at a wrong one")
        what.add_argument("--file", type=Path, help="a log written by export_audit; needs no database")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            self._check_all()
            return
        verdict = self._verdict(options)
        if options["json"]:
            result = {"checked": verdict.checked, "head": verdict.head.hex(), "whole": verdict.is_whole}
            self.stdout.write(json.dumps({**result, "first_bad": verdict.first_bad, "problem": verdict.problem}))
        elif verdict.is_whole:
            self.stdout.write(f"{verdict.checked} entries, nothing missing or changed. Head {verdict.head.hex()}")
        if not verdict.is_whole:
            raise CommandError(verdict.problem, returncode=1)

    def _check_all(self) -> None:
        logs: dict[str, Verdict] = {"the platform": proving.verify_platform()}
        for tenant in Tenant.objects.order_by("slug"):
            with context.inside(tenant, deleting_too=True):
                logs[tenant.slug] = proving.verify()
        for name, verdict in logs.items():
            if not verdict.is_whole:
                raise CommandError(f"{name}: {verdict.problem}", returncode=1)
        self.stdout.write(f"{len(logs)} logs, {sum(each.checked for each in logs.values())} entries, all whole.")

    def _verdict(self, options: dict[str, Any]) -> Verdict:
        path, slug = options["file"], options["tenant"]
        try:
            if options["platform"]:
                return proving.verify_platform()
            if path is not None:
                with path.open(encoding="utf-8") as lines:
                    return proving.verify_export(lines)
            with context.inside(find_tenant(slug=slug or "")):
                return proving.verify()
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}", returncode=2) from error
