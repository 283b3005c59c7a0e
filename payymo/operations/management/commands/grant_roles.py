"""`manage.py grant_roles`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.services import roles


class Command(BaseCommand):
    """Give the database role of web and workers what it needs, and nothing more."""

    help = (
        "Give the role of DATABASE_URL what web and workers need in every schema, and take what is more. Works as the "
        "role of PAYYMO_OWNER_DATABASE_URL. `migrate_tenants` and `create_tenant` do the same for what they touch."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.APP_ROLE:
            raise CommandError(
                "There is one database role only. Make a second one (CREATE ROLE payymo_app LOGIN PASSWORD '...'), "
                "name it in DATABASE_URL and the owner of the tables in PAYYMO_OWNER_DATABASE_URL.",
                returncode=2,
            )
        self.stdout.write(f"{settings.APP_ROLE} may work in {roles.grant_all()} schemas.")
