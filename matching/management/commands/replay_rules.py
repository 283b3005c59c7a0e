"""`manage.py replay_rules --tenant SLUG [--since DATE] [--rule ID] [--json]`."""

import json
import uuid
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching.rule_models import MatchingRule
from matching.services import rule_replay
from matching.services.rule_replay import Replay
from payymo.shared.errors import DomainError
from payymo.shared.money import quantized
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Try a tenant's rules on past payments."""

    help = "Say what the rules would have done since a day, and where people decided otherwise. Nothing is written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--since", type=date.fromisoformat, help="first day; the last 90 days if left out")
        parser.add_argument("--rule", type=uuid.UUID, help="the id of one rule; all of them if left out")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            with context.inside(find_tenant(slug=options["tenant"])):
                rows = MatchingRule.objects.filter(removed_at=None).order_by("position", "pk")
                if options["rule"] and not (rows := rows.filter(public_id=options["rule"])):
                    raise CommandError(f"There is no rule {options['rule']}.", returncode=2)
                since = rule_replay.since_day(now=now, since=options["since"])
                result = rule_replay.replay(rules=list(rows), since=since, now=now)
                self.stdout.write(json.dumps(as_json(result)) if options["json"] else _as_text(result))
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error


def as_json(result: Replay) -> dict[str, Any]:
    """Write a replay as the API answers it."""
    return {
        "since": result.since.isoformat(),
        "looked_at": result.looked_at,
        "is_cut": result.is_cut,
        "rules": [
            {
                "id": str(each.rule.public_id),
                "name": each.rule.name,
                "is_paused": each.rule.is_paused,
                "would_match": each.matches,
                "would_change": each.changes,
                "would_have_been_wrong": each.wrong,
                "examples": [
                    {
                        "receipt": example.receipt_id,
                        "day": example.day.isoformat(),
                        "amount": str(quantized(example.amount, example.currency)),
                        "currency": example.currency,
                        "outcome": str(example.outcome),
                    }
                    for example in each.examples
                ],
            }
            for each in result.rules
        ],
    }


def _as_text(result: Replay) -> str:
    if not result.rules:
        return "There are no rules."
    cut = " (the newest; there are more)" if result.is_cut else ""
    lines = [f"Looked at {result.looked_at} payments since {result.since}{cut}."]
    for each in result.rules:
        paused = " (paused)" if each.rule.is_paused else ""
        lines.append(
            f"{each.rule.position}. {each.rule.name}{paused}: would match {each.matches}, "
            f"would change {each.changes}, would have been wrong {each.wrong}"
        )
    return "\n".join(lines)
