"""What makes a password acceptable, and changing it."""

import re
from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import OutgoingMail, Session, User
from accounts.services import attempts, outbox, security_events, sessions
from payymo.shared.errors import BadInput
from tenants.models import Tenant

LONGEST = 128
# Shorter words stand in too many good passwords by chance.
_SHORTEST_WORD = 4
_COMMON = CommonPasswordValidator()
# What stands for a letter where somebody disguises a word.
_DISGUISES = str.maketrans("@4301!$57", "aaeoiisst")


class WeakPassword(BadInput):
    """The password would be among the first that a guesser tries."""

    code = "weak_password"


class WrongPassword(BadInput):
    """The present password is not this one."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__(gettext("This is not your present password."))


def check_strength(*, password: str, tenant: Tenant | None, email: str, name: str = "") -> None:
    """Pass if the password is 12 to 128 characters long, is no common one, and names nobody.

    Shape: no rule about kinds of characters, and nothing is cut off.
    Raises: WeakPassword, with every reason.
    Source: OWASP ASVS 5.0, 6.2.
    """
    reasons = []
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        reasons += error.messages
    if len(password) > LONGEST:
        reasons.append(gettext("This password is too long. It may have %s characters at most.") % LONGEST)
    elif not reasons and not _COMMON.passwords.isdisjoint(_cores_of(password)):
        reasons.append(gettext("This is a common password, repeated, disguised or with digits or signs around it."))
    if found := [word for word in sorted(_words_of(tenant, email, name)) if word in password.lower()]:
        reasons.append(gettext("Leave out %s: names of companies and people are tried first.") % ", ".join(found))
    if reasons:
        raise WeakPassword(" ".join(reasons))


def _cores_of(password: str) -> Iterator[str]:
    """Yield what is left of a password without the signs around it, once if it is repeated, plain and in disguise."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password.lower())
    plain = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", re.sub(r"[\W\d_]+$", "", password.lower()).translate(_DISGUISES))
    for each in (core, plain):
        repeated = re.fullmatch(r"(.+?)\1+", re.sub(r"[\W_]", "", each))
        yield repeated[1] if repeated else each


def _words_of(tenant: Tenant | None, email: str, name: str) -> set[str]:
    texts = [name, email, "payymo"]
    if tenant is not None:
        texts += [tenant.name, tenant.slug, *tenant.domains.values_list("domain", flat=True)]
    # The end of an address (com, example, localhost) belongs to nobody, and cutting it needs no list.
    words = {word for text in texts for word in re.split(r"[\W_]+", text.rsplit(".", 1)[0].lower())}
    return {word for word in words if len(word) >= _SHORTEST_WORD}


def change_password(
    *, user: User, tenant: Tenant | None, current: str, new: str, keep: Session | None, address: str, now: datetime
) -> None:
    """Replace one's own password and end every other session everywhere; `keep` goes on.

    Shape: `tenant` is where it is done, none for the staff host.
    Raises: WrongPassword; WeakPassword; attempts.TooManyAttempts. Nothing is changed.
    """
    attempt = attempts.count_attempt(email=user.email, address=address, tenant=tenant, now=now)
    if not user.check_password(current):
        security_events.record(kind="password_change_refused", tenant=tenant, user=user, now=now)
        raise WrongPassword
    attempts.forgive_attempt(attempt=attempt)
    check_strength(password=new, tenant=tenant, email=user.email, name=user.name)
    set_password(user=user, tenant=tenant, new=new, keep=keep, now=now)


def set_password(*, user: User, tenant: Tenant | None, new: str, keep: Session | None, now: datetime) -> None:
    """Store a password that was checked, and end every session but `keep`, at every tenant."""
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        sessions.revoke_sessions_of(
            user=user, tenant=None, at=tenant, reason="password_changed", now=now, keep=keep.pk if keep else None
        )
        if keep is not None:
            keep.password_stamp, keep.confirmed_at = user.get_session_auth_hash(), now
            keep.save(update_fields=["password_stamp", "confirmed_at"])
        security_events.record(kind="password_changed", tenant=tenant, user=user, now=now)
        outbox.post(kind=OutgoingMail.Kind.PASSWORD_CHANGED, about=user.public_id, tenant=tenant, now=now)
