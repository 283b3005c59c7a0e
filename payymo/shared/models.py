"""Abstract bases of the apps' models."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from payymo.shared import sentences


class Record(models.Model):
    """A row with a public identifier; the serial number never leaves the server."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """Name the row without personal data, since this text reaches logs."""
        return f"{self._meta.verbose_name} {self.called}"

    @property
    def called(self) -> str:
        """What people know the row by, and what names nobody."""
        return str(self.public_id)


class ConnectionHealth(models.Model):
    """What a scheduled connection to a provider remembers between two runs."""

    next_sync_at = models.DateTimeField(null=True, blank=True, db_index=True)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text=_("failures in a row"))
    last_error_code = models.CharField(max_length=64, blank=True)
    last_error = models.CharField(max_length=500, blank=True, help_text=_("in plain words, for the tenant"))
    last_error_said = models.JSONField(default=dict, blank=True, help_text="what its words are worded from")

    class Meta:
        abstract = True

    @property
    def error_in_words(self) -> str:
        """The last error in the active language."""
        return sentences.spoken(self.last_error, self.last_error_said)


class ReceiptState(models.TextChoices):
    """How much of a received payment has found its use."""

    UNRECONCILED = "UNRECONCILED", _("To review")
    PARTLY_ALLOCATED = "PARTLY_ALLOCATED", _("Partly matched")
    RECONCILED = "RECONCILED", _("Matched")
    IGNORED = "IGNORED", _("Ignored")
