"""The staff console's page of the whole installation: how it runs, and each company in numbers."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from payymo.dashboard import refreshing
from payymo.dashboard.presenters import system_health as present

PART = "pm-system"


def system(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show it to a member of staff; numbers only, read anew while somebody looks."""
    context = {
        **site.each_context(request),
        "title": _("System"),
        "page": present.installation(request, now=timezone.now()),
    }
    return refreshing.answer(request, "admin/system.html", context, part="admin/system_part.html", of=PART)
