"""`manage.py suspend_tenant --tenant SLUG [--resume]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payymo.shared.errors import DomainError
from tenants.services import provisioning


class Command(BaseCommand):
    """Stop or resume everything of one tenant."""

    help = "Stop everything of a tenant at once (sign-ins, webhooks, tasks, postings), or resume it. Deletes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--resume", action="store_true", help="serve it again")

    def handle(self, *args: Any, **options: Any) -> None:
        act = provisioning.resume_tenant if options["resume"] else provisioning.suspend_tenant
        try:
            tenant = act(slug=options["tenant"])
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{tenant.slug} is {tenant.state}.")
