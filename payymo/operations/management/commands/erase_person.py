"""`manage.py erase_person --tenant SLUG [--client N] [--iban I] [--name N] [--email E] [--export FILE] [--confirm]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.audit import acting
from payymo.audit.acting import Acting
from payymo.operations.services import person_export, persons
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Show, export or erase what is stored about a person."""

    help = (
        "Count what is stored about a person, write it to FILE (--export), or erase it (--confirm) but for what "
        "bookkeeping needs. An erasure is carried out again after a restore: see reapply_erasures."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--client", type=int, action="append", default=[], help="a client's number in WHMCS")
        parser.add_argument("--iban", default="", help="an account number")
        parser.add_argument("--name", default="", help="a whole name, whatever the case")
        parser.add_argument("--email", default="", help="an e-mail address")
        parser.add_argument("--export", type=Path, help="write everything to this file, which must not exist")
        parser.add_argument("--confirm", action="store_true", help="erase")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with context.inside(find_tenant(slug=options["tenant"])), acting.of(Acting("operator")):
                result = self._act(options)
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        except FileExistsError as error:
            raise CommandError(f"{options['export']} exists already.", returncode=2) from error
        self.stdout.write(json.dumps(result) if options["json"] else "\n".join(f"{k}: {v}" for k, v in result.items()))

    def _act(self, options: dict[str, Any]) -> dict[str, Any]:
        person = persons.describe(
            clients=options["client"], iban=options["iban"], name=options["name"], email=options["email"]
        )
        now = timezone.now()
        if options["export"]:
            with options["export"].open("x", encoding="utf-8") as file:
                told = person_export.export(person=person, now=now)
                json.dump(told, file, ensure_ascii=False, indent=1)
        if options["confirm"]:
            return asdict(persons.erase(person=person, now=now))
        return {name: len(rows) for name, rows in asdict(persons.find(person)).items()}
