"""`manage.py create_tenant --slug S --name N --domain HOST --owner-email ADDRESS`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.permissions import sync_builtin_roles
from accounts.services import onboarding
from payymo.audit.acting import Acting
from payymo.audit.services.recording import record_platform
from payymo.shared.errors import DomainError
from tenants.services import provisioning


class Command(BaseCommand):
    """Create a tenant with its schema, host and owner."""

    help = "Create a tenant: its schema, its host and its owner, whose first password is printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True, help="short name: a-z, 0-9 and -")
        parser.add_argument("--name", required=True, help="the company's name")
        parser.add_argument("--domain", required=True, help="the host by which it is reached, without https://")
        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            onboarding.check_email(options["owner_email"])
            sync_builtin_roles()
            tenant = provisioning.create_tenant(slug=options["slug"], name=options["name"], domain=options["domain"])
            owner = onboarding.add_member(tenant=tenant, email=options["owner_email"], role="owner")
            record_platform(action="tenant.created", about=tenant, by=Acting("operator"))
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        result = {
            "tenant": str(tenant.public_id),
            "slug": tenant.slug,
            "domain": options["domain"],
            "owner": owner.membership.user.email,
            "initial_password": owner.initial_password,
        }
        if options["json"]:
            self.stdout.write(json.dumps(result))
            return
        self.stdout.write(f"Tenant {tenant.slug} is ready at {options['domain']}.")
        if owner.initial_password:
            self.stdout.write(f"{result['owner']} signs in with the password {owner.initial_password}")
        else:
            self.stdout.write(f"{result['owner']} signs in with the password they have already.")
