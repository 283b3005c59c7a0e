"""`manage.py resume_tenant --tenant SLUG`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payymo.audit.acting import Acting
from payymo.operations.services import lifecycle
from payymo.shared.errors import DomainError


class Command(BaseCommand):
    """Serve one tenant again."""

    help = "Serve a suspended tenant again. Work that is due begins with the next beat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tenant = lifecycle.resume_tenant(slug=options["tenant"], by=Acting("operator"))
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{tenant.slug} is {tenant.state}.")
