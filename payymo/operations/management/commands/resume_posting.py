"""`manage.py resume_posting (--tenant SLUG | --all) [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.audit.acting import Acting
from payymo.operations.services import resuming
from payymo.shared.errors import DomainError, ProviderError
from tenants import context
from tenants.models import Tenant
from tenants.services.provisioning import find_tenant
from whmcs.services import connection


class Command(BaseCommand):
    """End the pause after a restore."""

    help = "After a restore: read all of a tenant's WHMCS, link what is booked there, and let it post again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--tenant", help="the tenant's slug")
        whose.add_argument("--all", action="store_true", help="every active tenant that is paused")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chosen = [find_tenant(slug=options["tenant"])] if options["tenant"] else self._paused()
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        results = [self._resume(tenant) for tenant in chosen]
        if options["json"]:
            self.stdout.write(json.dumps(results))
        else:
            for result in results:
                self.stdout.write(", ".join(f"{name}: {value}" for name, value in result.items()))
        if any("error" in result for result in results):
            raise CommandError("Not every tenant posts again.", returncode=1)

    def _paused(self) -> list[Tenant]:
        paused = Tenant.objects.filter(state=Tenant.State.ACTIVE, posting_paused_at__isnull=False)
        return list(paused.order_by("pk"))

    def _resume(self, tenant: Tenant) -> dict[str, Any]:
        try:
            done = resuming.resume_posting(
                tenant=tenant, api_for=connection.api_for, by=Acting("operator"), now=timezone.now()
            )
        except (DomainError, ProviderError, context.TenantUnavailable) as error:
            return {"tenant": tenant.slug, "error": str(error)}
        return {"tenant": tenant.slug, **asdict(done)}
