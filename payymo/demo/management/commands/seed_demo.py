"""`manage.py seed_demo`: fill the demo from the provider stand-ins."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from payymo.demo.seeding import seed
from payymo.shared.errors import DomainError, ProviderError


class Command(BaseCommand):
    """Make the demo tenants."""

    help = "Make the demo tenants acme and globex with a month of data from the provider stand-ins. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_URL:
            raise CommandError("PAYYMO_SANDBOX_URL is not set: the demo needs the provider stand-ins.", returncode=2)
        try:
            seed(say=self.stdout.write)
        except (DomainError, ProviderError) as error:
            raise CommandError(str(error), returncode=1) from error
