"""Mails that tell people that how they sign in has changed, so that somebody else's doing does not stay unseen."""

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.letters import Letter, compose
from tenants.links import address_of
from tenants.models import Tenant


def password_changed(about: uuid.UUID, tenant: Tenant, now: datetime) -> Letter | None:
    """Tell a user that their password was changed."""
    return _notice(about, tenant, _("Your Payymo password was changed"), _("The password of your account was changed."))


def second_factor_changed(about: uuid.UUID, tenant: Tenant, now: datetime) -> Letter | None:
    """Tell a user that their second factor was changed."""
    return _notice(
        about,
        tenant,
        _("Your Payymo second factor was changed"),
        _("An authenticator app, a passkey or the recovery codes of your account were added, replaced or removed."),
    )


def report_ready(about: uuid.UUID, tenant: Tenant, now: datetime) -> Letter | None:
    """Tell a member that what they scheduled is there; the figures stay behind the sign-in."""
    user = User.objects.filter(public_id=about, is_active=True).first()
    if user is None:
        return None
    page = {"tenant_name": tenant.name, "url": address_of(tenant, "/reports/")}
    return compose(to=user.email, subject=_("Your monthly report is ready"), template="report_ready", page=page)


def _notice(about: uuid.UUID, tenant: Tenant, subject: str, what: str) -> Letter | None:
    user = User.objects.filter(public_id=about, is_active=True).first()
    if user is None:
        return None
    page = {"tenant_name": tenant.name, "what": what, "url": address_of(tenant, "/account/security/")}
    return compose(to=user.email, subject=subject, template="notice", page=page)
