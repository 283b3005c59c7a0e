"""Mails that tell people that how they sign in has changed, so that somebody else's doing does not stay unseen."""

import uuid
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.letters import Letter, compose, for_reader
from tenants.links import address_of, origin_of
from tenants.models import Tenant


def password_changed(about: uuid.UUID, tenant: Tenant | None, now: datetime) -> Letter | None:
    """Tell a user that their password was changed."""
    user = _reader(about)
    with for_reader(user, tenant):
        return _notice(
            user, tenant, _("Your Payymo password was changed"), _("The password of your account was changed.")
        )


def second_factor_changed(about: uuid.UUID, tenant: Tenant | None, now: datetime) -> Letter | None:
    """Tell a user that their second factor was changed."""
    user = _reader(about)
    with for_reader(user, tenant):
        return _notice(
            user,
            tenant,
            _("Your Payymo second factor was changed"),
            _("An authenticator app, a passkey or the recovery codes of your account were added, replaced or removed."),
        )


def report_ready(about: uuid.UUID, tenant: Tenant | None, now: datetime) -> Letter | None:
    """Tell a member that what they scheduled is there; the figures stay behind the sign-in."""
    user = _reader(about)
    if user is None or tenant is None:
        return None
    page = {"tenant_name": tenant.name, "url": address_of(tenant, "/reports/")}
    with for_reader(user, tenant):
        return compose(to=user.email, subject=_("Your monthly report is ready"), template="report_ready", page=page)


def _reader(about: uuid.UUID) -> User | None:
    return User.objects.filter(public_id=about, is_active=True).first()


def _notice(user: User | None, tenant: Tenant | None, subject: str, what: str) -> Letter | None:
    if user is None:
        return None
    if tenant is None:
        place, url = _("The staff console"), origin_of(settings.STAFF_HOST) + "/admin/passkeys/"
    else:
        place, url = tenant.name, address_of(tenant, "/account/security/")
    return compose(
        to=user.email, subject=subject, template="notice", page={"tenant_name": place, "what": what, "url": url}
    )
