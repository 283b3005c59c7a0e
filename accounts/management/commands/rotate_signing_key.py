"""`manage.py rotate_signing_key [--stolen] [--json]`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.services import signing_keys


class Command(BaseCommand):
    """Replace the key that signs tokens."""

    help = (
        "Publish a new key that signs tokens from ten minutes on; the old one verifies until its last token is over. "
        "Beat does this every 90 days. --stolen: the new key signs at once and no older one verifies, so that "
        "every program has to sign in again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stolen", action="store_true", help="let no older key verify from now on")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        replace = signing_keys.replace_stolen_key if options["stolen"] else signing_keys.rotate_signing_key
        key = replace(now=now)
        gone = signing_keys.prune_signing_keys(now=now)
        if options["json"]:
            result = {"kid": key.kid, "signs_from": key.signs_from.isoformat(), "deleted": gone}
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(f"Key {key.kid} signs from {key.signs_from:%Y-%m-%d %H:%M:%S %Z} on; {gone} old deleted.")
