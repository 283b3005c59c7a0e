"""`manage.py sync_whmcs [--tenant SLUG] [--full] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.shared.errors import DomainError, ProviderError
from tenants import context
from tenants.models import Tenant
from tenants.services.provisioning import find_tenant
from whmcs import selectors
from whmcs.models import WhmcsInstance
from whmcs.services import connection, invoice_sync

_BUDGET = timedelta(hours=12)


class Command(BaseCommand):
    """Mirror WHMCS now, to the end."""

    help = "Read clients, invoices and bookings from WHMCS now. Exit status 1 if an installation could not be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the tenant's slug; every active tenant if left out")
        parser.add_argument(
            "--full", action="store_true", help="walk through every invoice, not only new and open ones"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self._quiet = options["json"] or options["verbosity"] < 1
        results = []
        try:
            for tenant in self._tenants(options["tenant"]):
                with context.inside(tenant):
                    results += [self._sync(tenant, instance, full=options["full"]) for instance in self._instances()]
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(results))
        elif not results:
            self.stdout.write("No WHMCS is connected.")
        if any("error" in result for result in results):
            raise CommandError("Not every WHMCS could be read.", returncode=1)

    def _tenants(self, slug: str | None) -> list[Tenant]:
        return (
            [find_tenant(slug=slug)] if slug else list(Tenant.objects.filter(state=Tenant.State.ACTIVE).order_by("pk"))
        )

    def _instances(self) -> list[WhmcsInstance]:
        return list(selectors.working_instances().order_by("pk"))

    def _sync(self, tenant: Tenant, instance: WhmcsInstance, *, full: bool) -> dict[str, Any]:
        result: dict[str, Any] = {"tenant": tenant.slug, "instance": str(instance.public_id), "url": instance.base_url}
        try:
            found = invoice_sync.sync_instance(
                instance=instance,
                api=connection.api_for(instance),
                now=timezone.now(),
                full=full,
                budget=_BUDGET,
                progress=self._show,
            )
        except ProviderError as error:
            self._say(f"{tenant.slug}: {error}")
            return {**result, "error": str(error), "reason": error.reason}
        self._say(
            f"{tenant.slug}: {found.new_clients} new clients, {found.new_invoices} new and {found.changed_invoices} "
            f"changed invoices, {found.read_invoices} read in full, {found.bookings} bookings of WHMCS, "
            f"{len(found.unreadable)} rows unreadable."
        )
        return {**result, **asdict(found)}

    def _show(self, step: str, done: int, total: int) -> None:
        if not self._quiet and self.stderr.isatty():
            self.stderr.write(f"\r{step}: {done} of {total}   ", ending="\n" if done >= total else "")

    def _say(self, line: str) -> None:
        if not self._quiet:
            self.stdout.write(line)
