"""What a connection remembers of its last calls, and when it is due again."""

from datetime import datetime, timedelta

from django.db.models import F

from payymo.shared.errors import ProviderError
from payymo.shared.sentences import as_columns
from tenants.breakers import LEFT_ALONE, SecretOff
from whmcs.clients.refusals import NEEDS_A_PERSON
from whmcs.models import WhmcsInstance

SYNC_EVERY = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=1)
State = WhmcsInstance.State


def needs_a_person(error: ProviderError) -> bool:
    """Say whether nothing will pass until somebody changes a setting in WHMCS."""
    return error.reason in NEEDS_A_PERSON


def mark_broken(instance: WhmcsInstance, error: ProviderError, *, now: datetime) -> None:
    """Stop reading and posting until a person has tested the connection again."""
    WhmcsInstance.objects.filter(pk=instance.pk, state=State.ACTIVE).update(
        state=State.BROKEN, last_attempt_at=now, last_error_code=error.reason[:64], **as_columns(error.sentence)
    )


def note_failure(instance: WhmcsInstance, error: ProviderError, *, now: datetime) -> None:
    """Remember a failed reading and wait longer after each one, at least as long as WHMCS asked for."""
    pause = min(timedelta(minutes=1) * 2 ** min(instance.failures, 6), _LONGEST_PAUSE)
    if isinstance(error, SecretOff):
        # Nobody was asked: looking whether the secret is back costs nothing.
        pause = LEFT_ALONE
    asked = min(timedelta(seconds=error.retry_after or 0), timedelta(days=1))
    WhmcsInstance.objects.filter(pk=instance.pk).update(
        failures=F("failures") + 1,
        last_attempt_at=now,
        next_sync_at=now + max(pause, asked),
        last_error_code=error.reason[:64],
        **as_columns(error.sentence),
    )


def note_success(instance: WhmcsInstance, *, now: datetime, is_complete: bool) -> None:
    """Remember a reading that went well; one that ran out of time goes on at once."""
    WhmcsInstance.objects.filter(pk=instance.pk).update(
        failures=0,
        last_attempt_at=now,
        last_success_at=now,
        next_sync_at=now + SYNC_EVERY if is_complete else now,
        last_error_code="",
        last_error="",
    )
