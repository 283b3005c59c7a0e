"""What a mail of notices says: sentences and links, no name, no account, no text of a payment."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import reach
from accounts.models import Membership, User
from accounts.permissions import active_memberships, permissions_of_member, reach_of
from accounts.services.letters import Letter, compose, for_reader
from payymo.notices import words
from payymo.notices.kinds import Kind
from payymo.notices.models import Bundle, Notice
from payymo.notices.services import reading, waiting
from tenants import days
from tenants.links import address_of
from tenants.models import Tenant

MOST_LINES = 50
_SALT = "payymo.notices.stop"


def letter(about: uuid.UUID, tenant: Tenant, now: datetime) -> Letter | None:
    """Write the mail of a bundle; None when its reader is gone, may not know it any more, or has read it already."""
    bundle = Bundle.objects.filter(public_id=about).first()
    member = active_memberships().filter(tenant=tenant, user_id=bundle.user_id).first() if bundle else None
    if bundle is None or member is None:
        return None
    with reach.of(reach_of(member)):
        mine = reading.unread(user_id=bundle.user_id, permissions=permissions_of_member(member))
        bundled = mine.filter(bundle=bundle)
        # Of all that wait the figures of now are told, and not that some waited each morning of a week.
        notices = list(bundled.exclude(event__kind=Kind.REVIEW_WAITS).order_by("-pk")[: MOST_LINES + 1])
        with for_reader(member.user, tenant):
            waits = bundled.filter(event__kind=Kind.REVIEW_WAITS).exists()
            figures = waiting.figures(tenant=tenant, on=days.today(now)) if waits else None
            return _written(bundle, notices, figures, member, tenant) if notices or figures else None


def _written(
    bundle: Bundle, notices: list[Notice], figures: dict[str, Any] | None, member: Membership, tenant: Tenant
) -> Letter:
    stop = address_of(tenant, f"/notifications/stop/{_token(member)}/")
    page = {
        "tenant_name": tenant.name,
        "lines": [_line(notice, tenant) for notice in notices[:MOST_LINES]],
        "has_more": len(notices) > MOST_LINES,
        "is_digest": bundle.day is not None,
        "waiting": figures,
        "url": address_of(tenant, "/notifications/"),
        "choose_url": address_of(tenant, "/account/notifications/"),
        "stop_url": stop,
    }
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return compose(
        to=member.user.email, subject=_subject(notices, figures, bundle), template="notices", page=page, headers=headers
    )


def _line(notice: Notice, tenant: Tenant) -> dict[str, str]:
    return {"text": words.text_of(notice.event), "url": address_of(tenant, words.path_of(notice.event))}


def _subject(notices: Sequence[Notice], figures: dict[str, Any] | None, bundle: Bundle) -> str:
    if figures is not None and not notices:
        return str(figures["text"])
    if bundle.day is not None:
        return _("What happened in Payymo")
    if len(notices) == 1 and figures is None:
        return words.text_of(notices[0].event)
    count = len(notices)
    return ngettext("%(count)d notice from Payymo", "%(count)d notices from Payymo", count) % {"count": count}


def _token(member: Membership) -> str:
    return signing.dumps([str(member.user.public_id), str(member.tenant.public_id)], salt=_SALT)


def reader_of(token: str, *, tenant: Tenant) -> User | None:
    """Return whose mails the link of a mail stops at this tenant; None for a link that nobody made for it."""
    try:
        user_id, tenant_id = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    if tenant_id != str(tenant.public_id):
        return None
    return User.objects.filter(public_id=user_id, memberships__tenant=tenant).first()
