"""`manage.py export_audit --tenant SLUG --out FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payymo.audit.acting import Acting
from payymo.audit.services import proving
from payymo.audit.services.recording import record
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Write a tenant's audit log as JSON lines."""

    help = "Write a tenant's audit log as JSON lines, which `verify_audit --file` checks anywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--out", required=True, type=Path, help="the file to write; it must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with context.inside(find_tenant(slug=options["tenant"])), options["out"].open("x", encoding="utf-8") as out:
                count = proving.export(out)
                record(action="audit.exported", by=Acting("operator"), details={"entries": count})
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error.strerror}.", returncode=2) from error
        self.stdout.write(f"{count} entries.")
