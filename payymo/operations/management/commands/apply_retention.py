"""`manage.py apply_retention --tenant SLUG [--dry-run] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.audit import acting
from payymo.audit.acting import Acting
from payymo.operations.services import retention
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Erase what a tenant has kept for long enough."""

    help = "Erase what a tenant has kept for long enough; beat does it every six hours. --dry-run only counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--dry-run", action="store_true", help="count only")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with context.inside(find_tenant(slug=options["tenant"])), acting.of(Acting("operator")):
                done = retention.retain(now=timezone.now(), dry_run=options["dry_run"])
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done)))
            return
        said = "would be erased" if options["dry_run"] else "erased"
        for name, count in asdict(done).items():
            self.stdout.write(f"{count:>8} {name.replace('_', ' ')} {said}")
