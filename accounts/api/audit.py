"""The audit log over the API: read only, newest first."""

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from accounts.api.permissions import requires
from payymo.audit import selectors
from payymo.audit.actions import ACTIONS
from payymo.audit.models import AuditLink
from payymo.shared.api import queries
from payymo.shared.api.pagination import KeysetPagination
from payymo.shared.api.queries import PagedQuery


class AuditFilter(PagedQuery):
    """Query of the log."""

    action = serializers.ChoiceField(choices=sorted(ACTIONS), required=False, default="")
    actor = serializers.UUIDField(required=False, default=None)
    object = serializers.UUIDField(required=False, default=None)
    since = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None)


class AuditOutput(serializers.ModelSerializer[AuditLink]):
    """One entry and its place in the chain."""

    id = serializers.UUIDField(source="entry.public_id")
    happened_at = serializers.DateTimeField(source="entry.happened_at")
    action = serializers.CharField(source="entry.action")
    label = serializers.SerializerMethodField()
    actor_kind = serializers.CharField(source="entry.actor_kind")
    actor = serializers.UUIDField(source="entry.actor_id", allow_null=True)
    object_type = serializers.CharField(source="entry.object_type")
    object = serializers.UUIDField(source="entry.object_id", allow_null=True)
    request_id = serializers.CharField(source="entry.request_id")
    details = serializers.JSONField(source="entry.details")
    hash = serializers.SerializerMethodField()

    class Meta:
        model = AuditLink
        fields = (
            "number", "id", "happened_at", "action", "label", "actor_kind", "actor", "object_type", "object",
            "request_id", "details", "hash",
        )  # fmt: skip
        read_only_fields = fields

    def get_label(self, link: AuditLink) -> str:
        """Name the act for people."""
        return str(ACTIONS.get(link.entry.action, link.entry.action))

    def get_hash(self, link: AuditLink) -> str:
        """Return the link's hash in hex."""
        return bytes(link.entry_hash).hex()


class NewestLinksFirst(KeysetPagination):
    """By number, which has no gap."""

    ordering = ("-number",)


class AuditLog(ListAPIView[AuditLink]):
    """Who did what, newest first."""

    permission_classes = (requires("audit.view"),)
    serializer_class = AuditOutput
    pagination_class = NewestLinksFirst
    query_class = AuditFilter

    def get_queryset(self) -> QuerySet[AuditLink]:
        """Narrow the log as asked."""
        wanted = queries.checked(self)
        return selectors.find_entries(
            action=wanted["action"],
            actor_id=wanted["actor"],
            object_id=wanted["object"],
            since=wanted["since"],
            until=wanted["until"],
        )
