"""`manage.py issue_license (--new-key | --tenant SLUG | --tenant-id UUID) --private-key-file FILE [terms]`."""

import base64
import os
import uuid
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.shared.errors import DomainError
from tenants import licence_keys
from tenants.services import licences
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Sign a licence key with a private key that the product never sees."""

    help = (
        "Print a signed licence key. The private key is a PEM file, or PAYYMO_LICENSE_PRIVATE_KEY, and belongs on the "
        "machine of whoever sells licences, not on the one that serves. --new-key makes one and prints the public key "
        "for PAYYMO_LICENSE_PUBLIC_KEYS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--tenant", help="the tenant's slug, where its database is at hand")
        whose.add_argument("--tenant-id", type=uuid.UUID, help="the tenant's id, as its Settings show it")
        whose.add_argument("--new-key", action="store_true", help="write a new private key to --private-key-file")
        parser.add_argument("--private-key-file", type=Path, help="else PAYYMO_LICENSE_PRIVATE_KEY holds the PEM text")
        parser.add_argument("--plan", default="standard")
        parser.add_argument("--days", type=int, default=365, help="how long it holds (365)")
        parser.add_argument("--grace-days", type=int, default=14, help="how long everything goes on after that (14)")
        parser.add_argument("--bank-connections", type=int, help="at most; any number if left out")
        parser.add_argument("--users", type=int, help="at most; any number if left out")
        parser.add_argument("--transactions", type=int, help="payments a month; any number if left out")
        parser.add_argument("--feature", action="append", choices=sorted(licence_keys.FEATURES), help="all if left out")
        parser.add_argument("--install", action="store_true", help="with --tenant: put it in force as well")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["new_key"]:
                self._make_key(options["private_key_file"])
                return
            tenant = find_tenant(slug=options["tenant"]) if options["tenant"] else None
            now = timezone.now()
            terms = licence_keys.Terms(
                licence_id=str(uuid.uuid4()),
                tenant=str(tenant.public_id if tenant else options["tenant_id"]),
                plan=options["plan"],
                issued_at=licence_keys.iso(now),
                expires_at=licence_keys.iso(now + timedelta(days=options["days"])),
                grace_days=options["grace_days"],
                bank_connections=options["bank_connections"],
                users=options["users"],
                transactions=options["transactions"],
                features=tuple(sorted(options["feature"] or licence_keys.FEATURES)),
            )
            key = licence_keys.sign(terms, _private_key(options["private_key_file"]))
            if options["install"]:
                if tenant is None:
                    raise CommandError("--install needs --tenant SLUG.", returncode=2)
                licences.install(tenant=tenant, key=key, now=now)
        except (DomainError, OSError, ValueError, TypeError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(key)

    def _make_key(self, path: Path | None) -> None:
        if path is None:
            raise CommandError("Name the file to write: --private-key-file FILE.", returncode=2)
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        self.stdout.write(base64.b64encode(key.public_key().public_bytes_raw()).decode())


def _private_key(path: Path | None) -> Ed25519PrivateKey:
    # Not a setting: no other part of the product may know it. One line may hold it, with \\n for the ends of lines.
    written = os.environ.get("PAYYMO_LICENSE_PRIVATE_KEY", "").replace("\\n", "\n")
    pem = path.read_bytes() if path else written.encode()
    if not pem:
        raise CommandError(
            "Which key signs? --private-key-file FILE, or PAYYMO_LICENSE_PRIVATE_KEY with the PEM text.", returncode=2
        )
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise CommandError("The private key is not an Ed25519 key.", returncode=2)
    return key
