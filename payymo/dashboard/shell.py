"""The shell around a signed-in page: who, where, and what needs attention."""

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.services import members
from matching import queue_selectors
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages import Section, Shell
from payymo.dashboard.pages.shell import Banner, Brand, Company
from payymo.dashboard.presenters import attention, feeds, notices
from payymo.dashboard.sample import progress
from payymo.operations.services import branding
from tenants import days
from tenants.links import origin_of


def shell_of(request: HttpRequest, active: Section) -> Shell:
    """Build the shell of the page `active` for the person of this request."""
    permissions: frozenset[str] = request.permissions
    now = timezone.now()
    sources = feeds.read() if "connections.view" in permissions else ()
    membership = getattr(request, "membership", None)
    looking = progress.read(request.session)
    counts = queue_selectors.band_counts(on=days.today(now)) if "review.view" in permissions else {}
    return Shell(
        tenant_name=request.tenant.name,
        user_name=request.user.display_name,
        user_email=request.user.email,
        role=membership.role.label if membership else _("Payymo staff"),
        active=active,
        review_count=sum(counts.values()) if counts else None,
        can_see_overview="overview.view" in permissions,
        can_see_review="review.view" in permissions,
        can_see_transactions="transactions.view" in permissions,
        can_see_invoices="invoices.view" in permissions,
        can_see_activity="activity.view" in permissions,
        can_import="imports.add" in permissions,
        can_see_rules="rules.view" in permissions,
        can_see_members="members.change" in permissions and membership is not None,
        can_see_reports="reports.view" in permissions,
        can_see_connections="connections.view" in permissions,
        can_configure="settings.change" in permissions,
        can_see_persons="persons.erase" in permissions,
        can_export="company.export" in permissions,
        support=_support(request.tenant.support_access_until, now) if membership else "",
        banner=attention.banner(sources, permissions=permissions, now=now) or _sample(looking),
        sample=("stays" if looking.stays else "ends") if looking else "",
        asks_sample=looking is not None and progress.is_offered(),
        feed=feeds.summary(sources, now),
        unread=notices.unread_count(request),
        brand=brand_of(request),
        printed=formats.full_moment(now),
        companies=_companies(request) if membership else (),
    )


def _companies(request: HttpRequest) -> tuple[Company, ...]:
    """Return the other companies of the person; a session holds at one host, so each has a sign-in of its own."""
    hosts = members.hosts_of(request.user, without=request.tenant)
    return tuple(Company(name, origin_of(host)) for name, host in hosts)


def _sample(looking: progress.Progress | None) -> Banner | None:
    """Say that this member looks around with a sample, and how it ends."""
    if looking is None:
        return None
    text = _("You are looking around with sample data. They end with the first connection or statement.")
    if looking.stays:
        text = _("You are looking around with sample data. They stay beside the company's own until you remove them.")
    return Banner("info", text, _("Back to the sample"), link("sample"))


def _support(until: datetime | None, now: datetime) -> str:
    """Say to everybody in the company that Payymo's staff may look, as long as they may."""
    if until is None or until <= now:
        return ""
    return _("Payymo's staff may look into your company until %s.") % formats.full_moment(until)


def brand_of(request: HttpRequest) -> Brand | None:
    """Return the company's look for its members; staff sees Payymo's."""
    look = branding.current() if getattr(request, "membership", None) else None
    if look is None or look.pk is None:
        return None
    height = min(28, look.logo_height)
    return Brand(
        style_url=link("branding_style", look.colour.removeprefix("#")) if look.colour else "",
        logo_url=link("branding_picture", look.logo_sha256[:16]) if look.logo_sha256 else "",
        logo_width=round(look.logo_width * height / look.logo_height) if look.logo_height else 0,
        logo_height=height,
    )
