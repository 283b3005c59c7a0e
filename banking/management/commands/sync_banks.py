"""`manage.py sync_banks [--tenant SLUG] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F
from django.utils import timezone

from banking.models import BankAccount, BankConnection
from banking.services import fetching, provider_keys
from payymo.shared.errors import DomainError, ProviderError
from tenants import context
from tenants.models import Tenant
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Fetch every connected bank account now."""

    help = "Fetch every connected bank account now. Exit status 1 if an account could not be fetched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the tenant's slug; every active tenant if left out")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        results: list[dict[str, Any]] = []
        try:
            slug = options["tenant"]
            tenants = [find_tenant(slug=slug)] if slug else Tenant.objects.filter(state=Tenant.State.ACTIVE)
            for tenant in tenants:
                with context.inside(tenant):
                    results += [self._sync(tenant, account) for account in self._accounts()]
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(results))
        elif not results:
            self.stdout.write("No bank account is connected.")
        if any(result["outcome"] == "failed" for result in results):
            raise CommandError("Not every account could be fetched.", returncode=1)

    def _accounts(self) -> list[BankAccount]:
        linked = BankAccount.objects.filter(connection__state=BankConnection.State.LINKED, is_paused=False)
        return list(linked.annotate(provider=F("connection__provider")).order_by("pk"))

    def _sync(self, tenant: Tenant, account: BankAccount) -> dict[str, Any]:
        now = timezone.now()
        named = {"tenant": tenant.slug, "account": str(account.public_id)}
        try:
            result = asdict(
                fetching.sync_account(
                    account_id=account.pk,
                    provider=provider_keys.provider(account.provider, now=now),
                    now=now,
                    by_hand=True,
                )
            )
        except (DomainError, ProviderError) as error:
            result = {"outcome": "failed", "new": 0, "known": 0, "refused": 0, "message": str(error), "reason": ""}
        self.stderr.write(
            f"{tenant.slug} …{account.iban_last4}: {result['outcome']}, {result['new']} new, {result['known']} known, "
            f"{result['refused']} refused. {result['message']}".rstrip()
        )
        return {**named, **result}
