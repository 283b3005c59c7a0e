"""`manage.py verify_license (--tenant SLUG [--install FILE] | --key-file FILE) [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.shared.errors import DomainError
from tenants import licence_keys
from tenants.services import licences
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Say how a tenant stands with its licence, or what a key holds."""

    help = "Verify the licence of a tenant, or a key in a file, and print its terms. Exit status 1 if it does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the tenant's slug")
        parser.add_argument("--install", type=Path, help="with --tenant: put the key in this file in force first")
        parser.add_argument("--key-file", type=Path, help="a key that is not installed")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["key_file"]:
                terms = licence_keys.read(options["key_file"].read_text(), settings.LICENSE_PUBLIC_KEYS)
                self._tell(licences.Standing(licences.State.VALID, terms), as_json=options["json"])
                return
            if not options["tenant"]:
                raise CommandError("Name --tenant SLUG or --key-file FILE.", returncode=2)
            tenant, now = find_tenant(slug=options["tenant"]), timezone.now()
            if options["install"]:
                licences.install(tenant=tenant, key=options["install"].read_text(), now=now)
            found = licences.standing(tenant=tenant, now=now, purpose="command")
        except (DomainError, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error), returncode=2) from error
        self._tell(found, as_json=options["json"])
        if not found.allows_new:
            raise CommandError(found.problem, returncode=1)

    def _tell(self, found: licences.Standing, *, as_json: bool) -> None:
        terms = asdict(found.terms) if found.terms else {}
        if as_json:
            self.stdout.write(json.dumps({"state": found.state.value, **terms}))
            return
        self.stdout.write(f"{found.state.value}" + "".join(f"\n  {name}: {value}" for name, value in terms.items()))
