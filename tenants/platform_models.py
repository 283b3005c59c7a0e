"""The platform's own log: what staff, operators and commands did to tenants and keys. Shared schema.

Chained and append-only like a tenant's log (`payymo.shared.audit_chain`), under names of its own.
"""

from django.db import models

from payymo.shared.audit_chain import ChainedEntry, ChainLink


class PlatformEntry(ChainedEntry):
    """One act on the platform."""

    class Meta(ChainedEntry.Meta):
        verbose_name_plural = "platform entries"


class PlatformLink(ChainLink):
    """Its place in the chain; written by the database when the act's transaction commits."""

    entry = models.OneToOneField(PlatformEntry, on_delete=models.PROTECT, related_name="link")


class PlatformAnchor(models.Model):
    """A head of the chain, written down daily; the same head goes to the log lines, which leave this database."""

    number = models.BigIntegerField(unique=True)
    entry_hash = models.BinaryField()
    anchored_at = models.DateTimeField()

    def __str__(self) -> str:
        """Name the head."""
        return f"entry {self.number} of the platform"
