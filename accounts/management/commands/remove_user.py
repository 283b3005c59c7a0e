"""Take a person out of Payymo."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.removal import remove_user
from payymo.audit.acting import Acting
from payymo.audit.services.recording import record_platform
from payymo.shared.errors import DomainError


class Command(BaseCommand):
    """Deactivates a user and takes every membership, session, key and grant. The row itself stays."""

    help = "Deactivate a person and take every membership, session, key and grant of theirs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove the person.

        Raises: CommandError for an unknown address, or for the only owner of a tenant.
        """
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError("There is no user with this address.")
        try:
            with transaction.atomic():
                count = remove_user(user=user, now=timezone.now())
                record_platform(action="user.removed", by=Acting("operator"), details={"person": str(user.public_id)})
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"Removed from {count} tenants; the account can no longer be used.")
