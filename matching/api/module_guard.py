"""What the addon module asks at each run of WHMCS's cron job: whom to hold, and by what to mint references."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from matching import guard
from whmcs.api.module_access import ModuleView


class HoldOutput(serializers.Serializer[guard.Hold]):
    """One invoice that waits, by WHMCS's ids; times are seconds since 1970."""

    client_id = serializers.IntegerField()
    invoice_id = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=[guard.REVIEW, guard.POSTING])
    since = serializers.SerializerMethodField()
    until = serializers.SerializerMethodField()

    def get_since(self, hold: guard.Hold) -> int:
        """Say when the payment came."""
        return _seconds(hold.since)

    def get_until(self, hold: guard.Hold) -> int:
        """Say when the hold ends, whatever happens."""
        return _seconds(hold.until)


class GuardOutput(serializers.Serializer[Any]):
    """What one installation holds; `stale_until` is 0 while the bank feed is read in time."""

    installation_number = serializers.IntegerField(help_text="minted into references")
    bank_gateway = serializers.CharField()
    guard_days = serializers.IntegerField(help_text="0: nobody is held")
    stale_until = serializers.IntegerField()
    is_complete = serializers.BooleanField()
    holds = HoldOutput(many=True)


class ModuleGuard(ModuleView):
    """Whom the WHMCS of the calling addon module holds now."""

    @extend_schema(responses={200: GuardOutput})
    def get(self, request: Request) -> Response:
        """Say whom to hold."""
        instance = self.module.instance
        found = guard.guard_of(instance, now=timezone.now())
        told = {
            "installation_number": instance.pk,
            "bank_gateway": instance.bank_gateway,
            "guard_days": instance.guard_days,
            "stale_until": _seconds(found.stale_until) if found.stale_until else 0,
            "is_complete": found.is_complete,
            "holds": found.holds,
        }
        return Response(GuardOutput(told).data)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
