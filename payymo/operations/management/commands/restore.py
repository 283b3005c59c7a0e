"""`manage.py restore FILE [--register FILE] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.operations.services import backups
from payymo.shared.errors import DomainError


class Command(BaseCommand):
    """Restore a backup into an empty database."""

    help = (
        "Restore a backup into the empty database that this installation names, in one transaction. Posting is paused "
        "for every tenant until resume_posting has compared it with WHMCS; erasures are carried out again."
    )

    # Django's checks load every page, which takes longer than all else here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--register", type=Path, help="the register of erasures that was kept apart")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = backups.restore(path=options["file"], register=options["register"], now=timezone.now())
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done)))
            return
        self.stdout.write(f"Restored as of {done.made_at}: {', '.join(done.tenants)}; {done.erasures} erasures again.")
        self.stdout.write("Posting is paused. `manage.py resume_posting --all` compares each tenant with its WHMCS.")
