"""`manage.py sync_stripe [--tenant SLUG] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payments.models import Gateway, StripeConnection
from payments.services import event_processing, syncing
from payments.services.connecting import api_for
from payymo.shared.errors import DomainError, ProviderError
from tenants import context
from tenants.models import Tenant
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Read every connected Stripe account now."""

    gateway = Gateway.STRIPE
    help = "Read the connected Stripe accounts of one tenant, or of all, whether or not they are due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the tenant's slug; all active ones when left out")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tenants = [find_tenant(slug=options["tenant"])] if options["tenant"] else list(_active())
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        results, failed = [], []
        for tenant in tenants:
            try:
                with context.inside(tenant):
                    results += [_sync(tenant, each, failed) for each in _connections(self.gateway)]
                    event_processing.process_events(now=timezone.now(), api_for=api_for)
            except context.TenantUnavailable as error:
                raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(results))
        for line in results if not options["json"] else []:
            self.stdout.write(", ".join(f"{name} {value}" for name, value in line.items()))
        if failed:
            raise CommandError("; ".join(failed), returncode=1)


def _active() -> Any:
    return Tenant.objects.filter(state=Tenant.State.ACTIVE).order_by("slug")


def _connections(gateway: Gateway) -> list[StripeConnection]:
    active = StripeConnection.objects.filter(gateway=gateway, state=StripeConnection.State.ACTIVE)
    return list(active.order_by("pk"))


def _sync(tenant: Tenant, connection: StripeConnection, failed: list[str]) -> dict[str, Any]:
    head = {"tenant": tenant.slug, "account": connection.account_id}
    try:
        done = syncing.sync_connection(connection=connection, api=api_for(connection), now=timezone.now())
    except ProviderError as error:
        failed.append(f"{connection.account_id}: {error}")
        return {**head, "error": str(error)}
    return {**head, **asdict(done)}
