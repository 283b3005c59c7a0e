"""`manage.py replay_fetches --tenant SLUG [--account ID] [--since DAY] [--files] [--upgrade] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from banking import selectors
from banking.models import BankAccount
from banking.services import replaying
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """For operators, after an upgrade that reads bank answers or statement files better."""

    help = (
        "Read the kept answers of bank providers, or the kept statement files, again and tell what today's readers "
        "make of them. With --upgrade, texts and references of open payments are put right and entries that could not "
        "be read before are stored; days and amounts are never changed, and nothing is stored twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--account", default="", help="its IBAN, last four signs or id; every account if left out")
        parser.add_argument("--since", type=date.fromisoformat, help="only what came on this day or later")
        parser.add_argument("--files", action="store_true", help="the imported statement files instead of the answers")
        parser.add_argument("--upgrade", action="store_true", help="write; without it nothing is changed")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with context.inside(find_tenant(slug=options["tenant"])):
                account = self._account(options["account"]) if options["account"] else None
                kept = replaying.files if options["files"] else replaying.fetches
                wanted = kept(account=account, since=options["since"])
                told = replaying.replay(wanted=wanted, upgrade=options["upgrade"], now=timezone.now())
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        kind = "files" if options["files"] else "answers"
        self.stdout.write(json.dumps(asdict(told)) if options["json"] else _sentences(told, options["upgrade"], kind))

    def _account(self, text: str) -> BankAccount:
        found = selectors.find_accounts(text=text)
        if len(found) != 1:
            which = "No account" if not found else "More than one account"
            raise CommandError(f"{which} of this tenant is {text!r}. Name it by its id.", returncode=2)
        return found[0]


def _sentences(told: replaying.Replayed, upgrade: bool, kind: str) -> str:
    verb = "were put right" if upgrade else "would be put right with --upgrade"
    lines = [
        f"{told.answers} {kind} read again, {told.emptied} kept no longer, {told.unreadable} unreadable, "
        f"{told.unsure} with refused entries left, because another of their entries would look new.",
        f"{told.rows} entries compared: {told.upgraded} {verb}, {told.left} left because they are matched or their "
        "day or amount differs.",
        f"{told.added} entries that were refused before {'are stored now' if upgrade else 'can be read now'}.",
    ]
    lines += [f"  {name}: {count}" for name, count in sorted(told.differs.items())]
    return "\n".join(lines)
