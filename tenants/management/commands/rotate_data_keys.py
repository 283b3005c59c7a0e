"""`manage.py rotate_data_keys (--tenant SLUG | --all) [--older-than DAYS] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.shared.crypto import UnreadableSecret
from payymo.shared.errors import DomainError
from tenants import context
from tenants.models import Tenant
from tenants.services import data_keys
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Change the sealing key of tenants while they are served."""

    help = (
        "Give a tenant a new sealing key, move everything that it sealed, and remove the old key an hour after. Can be "
        "stopped and repeated; run it again until it says that it is done. Exit status 1 if something does not open."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--tenant", help="the tenant's slug")
        which.add_argument("--all", action="store_true", help="every active tenant")
        parser.add_argument("--older-than", type=int, default=365, metavar="DAYS", help="begin only for older keys")
        parser.add_argument("--json", action="store_true", help="print one object per tenant in a list")

    def handle(self, *args: Any, **options: Any) -> None:
        results, bad = [], 0
        for tenant in self._tenants(options["tenant"]):
            try:
                with context.inside(tenant, suspended_too=True):
                    older_than = timedelta(days=options["older_than"])
                    found = data_keys.rotate(now=timezone.now(), older_than=older_than)
            except (DomainError, UnreadableSecret) as error:
                raise CommandError(f"{tenant.slug}: {error}", returncode=1) from error
            bad += found.unreadable
            results.append({"tenant": tenant.slug, **asdict(found)})
            if not options["json"]:
                self.stdout.write(self._sentence(tenant, found))
        if options["json"]:
            self.stdout.write(json.dumps(results))
        if bad:
            raise CommandError(f"{bad} values do not open with the key they name; the log says where.", returncode=1)

    def _tenants(self, slug: str | None) -> list[Tenant]:
        try:
            return (
                [find_tenant(slug=slug)]
                if slug
                else list(Tenant.objects.filter(state=Tenant.State.ACTIVE).order_by("pk"))
            )
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error

    @staticmethod
    def _sentence(tenant: Tenant, found: data_keys.Rotation) -> str:
        said = f"{tenant.slug}: key {found.number}, {found.moved} values moved, {found.left} still on an old key"
        if found.is_done:
            return f"{said}; done."
        return f"{said}; run it again, an hour after the key was made, to remove the old one."
