"""Sending the mails that wait. The row is the queue: a lost broker or a killed worker loses none.

A worker killed between sending and noting it sends twice; a second mail carries a new link, and the first link dies.
"""

import logging
import smtplib
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives

from accounts.models import OutgoingMail
from accounts.services import invitations, notices, resetting
from accounts.services.letters import Letter
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.secret_store.base import SecretUnavailable
from tenants.breakers import LEFT_ALONE, SecretOff, needs_secret
from tenants.models import Tenant

logger = logging.getLogger(__name__)
BATCH = 50
LEASE = timedelta(minutes=2)
_AGAIN_AFTER = (1, 5, 15, 60, 180, 360, 720)
Composer = Callable[[uuid.UUID, Any, datetime], Letter | None]
# What the apps above write they add themselves.
COMPOSERS: dict[str, Composer] = {
    OutgoingMail.Kind.INVITATION: invitations.letter,
    OutgoingMail.Kind.PASSWORD_RESET: resetting.letter,
    OutgoingMail.Kind.PASSWORD_CHANGED: notices.password_changed,
    OutgoingMail.Kind.SECOND_FACTOR_CHANGED: notices.second_factor_changed,
    OutgoingMail.Kind.REPORT_READY: notices.report_ready,
}


def send_due(*, tenant: Tenant | None, now: datetime) -> int:
    """Send what is due for the tenant, or for the staff host, at most a batch; return how many went out."""
    waiting = OutgoingMail.objects.filter(tenant=tenant, sent_at=None, dropped_as="", due_at__lte=now)
    return sum(_send(mail, tenant, now) for mail in waiting.order_by("due_at", "pk")[:BATCH])


def _send(mail: OutgoingMail, tenant: Tenant | None, now: datetime) -> bool:
    """Claim and send one; False when another worker has it, nothing is to be said, or it did not go out."""
    mine = OutgoingMail.objects.filter(pk=mail.pk, attempts=mail.attempts, sent_at=None, dropped_as="")
    if not mine.update(attempts=mail.attempts + 1, due_at=now + LEASE):
        return False
    row = OutgoingMail.objects.filter(pk=mail.pk)
    letter = COMPOSERS[mail.kind](mail.about, tenant, now)
    if letter is None:
        row.update(dropped_as="nothing_to_say")
        return False
    try:
        with _the_servers_secret(tenant):
            _hand_over(letter)
    except SecretOff as error:
        # Nobody was asked: this try does not count, and the next is soon.
        row.update(attempts=mail.attempts, due_at=now + LEFT_ALONE)
        logger.warning("mail put off", extra={"event": "mail_failed", "reason": error.reason})
        return False
    except (smtplib.SMTPException, OSError) as error:
        _put_off(mail, now, type(error).__name__)
        return False
    row.update(sent_at=now)
    return True


def _the_servers_secret(tenant: Tenant | None) -> AbstractContextManager[None]:
    """Switch mail off for the tenant while the server's password cannot be had; staff's mails wait all the same."""
    return needs_secret("mail") if tenant is not None else _staffs_secret()


@contextmanager
def _staffs_secret() -> Iterator[None]:
    try:
        yield
    except (UnreadableSecret, SecretUnavailable) as error:
        raise SecretOff("mail") from error


def _hand_over(letter: Letter) -> None:
    headers = {"Auto-Submitted": "auto-generated", **letter.headers}
    message = EmailMultiAlternatives(letter.subject, letter.text, to=[letter.to], headers=headers)
    message.attach_alternative(letter.html, "text/html")
    message.send()


def _put_off(mail: OutgoingMail, now: datetime, reason: str) -> None:
    row = OutgoingMail.objects.filter(pk=mail.pk)
    if mail.attempts < len(_AGAIN_AFTER):
        row.update(due_at=now + timedelta(minutes=_AGAIN_AFTER[mail.attempts]))
    else:
        row.update(dropped_as="undeliverable")
    logger.warning("mail not sent", extra={"event": "mail_failed", "reason": reason, "count": mail.attempts + 1})
