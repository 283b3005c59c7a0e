"""`manage.py propose_matches --tenant SLUG [--since DATE] [--dry-run] [--json]`."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching.services import proposing, rounds
from payymo.shared.errors import DomainError
from tenants import context
from tenants.jobs import exclusive
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Run the matching engine for one tenant."""

    help = "Propose invoices for open payments. With --dry-run nothing is written: it shows what would change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument(
            "--since", type=date.fromisoformat, help="look again at every open payment from this day on"
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            tenant = find_tenant(slug=options["tenant"])
            with context.inside(tenant), exclusive("propose") as alone:
                if not alone and not options["dry_run"]:
                    raise CommandError("A round is going on for this tenant: try again in a minute.", returncode=2)
                if not options["dry_run"]:
                    rounds.prepare(now=now)
                receipts = proposing.since(options["since"]) if options["since"] else proposing.waiting()
                outcome = proposing.propose(receipts=receipts, now=now, dry_run=options["dry_run"])
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        result = {"looked_at": outcome.looked_at, "changed": len(outcome.changed), "by_band": outcome.by_band}
        if options["json"]:
            self.stdout.write(json.dumps(result))
            return
        verb = "would change" if options["dry_run"] else "changed"
        bands = ", ".join(f"{count} {band}" for band, count in sorted(outcome.by_band.items())) or "nothing waits"
        self.stdout.write(f"Looked at {outcome.looked_at} payments, {verb} {len(outcome.changed)}: {bands}.")
