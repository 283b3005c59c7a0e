"""`manage.py second_factor --email ADDRESS [--reset]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from accounts.services import second_factor
from payymo.shared.errors import DomainError


class Command(BaseCommand):
    """Set up an authenticator app for a person of the staff, or take a lost one away."""

    help = "Print the secret for a person's authenticator app and ask for its first code, or take a lost app away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="whose")
        parser.add_argument("--reset", action="store_true", help="take away what is set up; the person sets up anew")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account {options['email']!r}.", returncode=2)
        if options["reset"]:
            second_factor.take_away_lost(user=user, now=timezone.now())
            self.stdout.write("Taken away.")
            return
        try:
            enrolment = second_factor.begin(user=user, issuer="Payymo staff")
            self.stdout.write(f"Put this into the authenticator app: {enrolment.secret}")
            self.stdout.write("The six digits it shows now: ", ending="")
            self.stdout.flush()
            codes = second_factor.confirm(user=user, code=input(), tenant=None, now=timezone.now())
        except (DomainError, EOFError) as error:
            raise CommandError(str(error) or "No code was given; nothing is turned on.", returncode=2) from error
        self.stdout.write("On. Recovery codes, each once:\n" + "\n".join(codes))
