"""API keys in words."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import ApiKey
from accounts.services.api_keys import version_of
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages import Chip
from payymo.dashboard.pages.api_keys import ApiKeysPage, KeyRow
from payymo.dashboard.presenters.roles import sentence

MOST = 100


def page(request: HttpRequest, form: Any, *, now: datetime, key: str = "") -> ApiKeysPage:
    """Build the page."""
    rows = ApiKey.objects.filter(tenant=request.tenant).select_related("membership__user").order_by("-pk")[: MOST + 1]
    found = list(rows)
    return ApiKeysPage(
        rows=tuple(_row(each, now) for each in found[:MOST]), form=form, description_url=link("api_description"),
        key=key, more=len(found) > MOST, version=version_of(found[0] if found else None),
    )  # fmt: skip


def _row(row: ApiKey, now: datetime) -> KeyRow:
    works = row.revoked_at is None and row.expires_at > now
    ended = _("Revoked") if row.revoked_at else _("Ended")
    return KeyRow(
        name=row.name,
        last4=row.last4,
        acts_for=row.membership.user.display_name,
        state=Chip(_("Works"), "ok") if works else Chip(ended, "neutral"),
        ends=formats.moment(row.revoked_at or row.expires_at, now),
        scopes=tuple(sentence(name) for name in row.scopes if name in permissions.PERMISSIONS),
        used=formats.moment(row.last_used_at, now) if row.last_used_at else None,
        revoke_url=link("api_key_revoke", row.public_id) if works else "",
    )
