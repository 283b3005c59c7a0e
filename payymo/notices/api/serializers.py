"""Shapes of webhook endpoints and their deliveries."""

from typing import Any

from rest_framework import serializers

from payymo.notices.kinds import FOR_WEBHOOKS
from payymo.notices.models import Delivery, DeliveryAttempt, Endpoint
from payymo.notices.services import messages
from payymo.notices.services.endpoints import LONGEST_ADDRESS
from payymo.shared.api.serializers import StrictSerializer

_EVENTS = [(kind.value, str(kind.value)) for kind in FOR_WEBHOOKS]


class EndpointOutput(serializers.ModelSerializer[Endpoint]):
    """An endpoint. Of its address only the host is shown, of its secret only whether an older one still signs too."""

    id = serializers.UUIDField(source="public_id")
    events = serializers.ListField(child=serializers.CharField(), source="kinds")

    class Meta:
        model = Endpoint
        fields = (
            "id", "form", "name", "host", "events", "state", "created_at", "failing_since", "off_since", "off_reason",
            "old_secret_until",
        )  # fmt: skip
        read_only_fields = fields


class MadeEndpointOutput(EndpointOutput):
    """The only answer that shows the secret; it is empty for a Slack channel."""

    secret = serializers.SerializerMethodField()

    class Meta(EndpointOutput.Meta):
        fields = (*EndpointOutput.Meta.fields, "secret")
        read_only_fields = fields

    def get_secret(self, row: Endpoint) -> str:
        """Return the secret in clear."""
        return str(self.context["secret"])


class EndpointChange(StrictSerializer):
    """What changes about an endpoint; its address stays."""

    name = serializers.CharField(max_length=80)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=_EVENTS), allow_empty=False, max_length=len(_EVENTS)
    )


class EndpointInput(EndpointChange):
    """The endpoint that is wanted."""

    form = serializers.ChoiceField(choices=Endpoint.Form.choices, default=Endpoint.Form.WEBHOOK.value)
    address = serializers.CharField(max_length=LONGEST_ADDRESS)


class AttemptOutput(serializers.ModelSerializer[DeliveryAttempt]):
    """What came of one call."""

    class Meta:
        model = DeliveryAttempt
        fields = ("called_at", "status", "outcome", "milliseconds")
        read_only_fields = fields


class DeliveryOutput(serializers.ModelSerializer[Delivery]):
    """A message with its calls, the newest first. `message_id` is its `webhook-id`."""

    id = serializers.UUIDField(source="public_id")
    message_id = serializers.SerializerMethodField()
    event = serializers.SerializerMethodField()
    calls = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ("id", "message_id", "event", "state", "attempts", "created_at", "due_at", "delivered_at", "calls")
        read_only_fields = fields

    def get_message_id(self, row: Delivery) -> str:
        """Return the id by which a receiver knows it."""
        return messages.id_of(row)

    def get_event(self, row: Delivery) -> str:
        """Return what happened."""
        return row.event.kind if row.event else messages.TEST

    def get_calls(self, row: Delivery) -> list[dict[str, Any]]:
        """Return the log, which the list has read."""
        return AttemptOutput(row.log.all(), many=True).data  # type: ignore[return-value]
