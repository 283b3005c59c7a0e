"""`manage.py backup --out FILE [--json]`."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.operations.services import backups
from payymo.shared.errors import DomainError


class Command(BaseCommand):
    """Back the whole database up, encrypted."""

    help = (
        "Write the whole database, as it is at one moment, to an encrypted file. Needs pg_dump and PAYYMO_BACKUP_KEY."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", required=True, type=Path, help="the file to write; it must not exist")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = backups.back_up(path=options["out"], now=timezone.now())
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        tenants = len(made.manifest["tenants"])
        if options["json"]:
            self.stdout.write(json.dumps({"file": str(made.path), "sha256": made.sha256, "tenants": tenants}))
        else:
            self.stdout.write(f"{tenants} tenants in {made.path}, SHA-256 {made.sha256}")
