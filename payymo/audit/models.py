"""The tenant's audit log: entries and their chain. Written by `record` alone; the database refuses any change."""

from django.db import models

from payymo.audit.actions import OF_PAYMENTS
from payymo.shared.audit_chain import ChainedEntry, ChainLink


class AuditEntry(ChainedEntry):
    """One act in this tenant."""

    class Meta(ChainedEntry.Meta):
        verbose_name_plural = "audit entries"
        indexes = [
            # Few among millions: without it the newest of them are looked for through the whole log.
            models.Index(
                models.F("id").desc(), name="audit_not_of_payments", condition=~models.Q(action__in=OF_PAYMENTS)
            )
        ]


class AuditLink(ChainLink):
    """Its place in the chain; written by the database when the act's transaction commits."""

    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, related_name="link")
