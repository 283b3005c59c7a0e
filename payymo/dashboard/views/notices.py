"""A member's notices: the list, reading them, how to hear, and the link of a mail that stops mails."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import for_members
from accounts.permissions import permissions_of
from payymo.dashboard.links import link
from payymo.dashboard.pages.notices import StopMailsPage
from payymo.dashboard.presenters import notices as present
from payymo.dashboard.shell import shell_of
from payymo.notices import words
from payymo.notices.kinds import Way
from payymo.notices.services import letters, reading
from payymo.shared.errors import DomainError


@require_GET
@for_members
def listing(request: HttpRequest) -> HttpResponse:
    """List what a member was told."""
    page = present.listing(request, now=timezone.now())
    return render(request, "dashboard/notices/list.html", {"shell": shell_of(request, ""), "page": page})


@require_POST
@for_members
def open_notice(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Mark a notice as read and go to where something can be done about it."""
    mine = reading.visible(user_id=request.user.pk, permissions=request.permissions)
    notice = get_object_or_404(mine, public_id=public_id)
    reading.mark_read(user_id=request.user.pk, ids=[str(public_id)], now=timezone.now())
    return HttpResponseRedirect(words.path_of(notice.event), status=303)


@require_POST
@for_members
def read(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Mark one notice as read."""
    reading.mark_read(user_id=request.user.pk, ids=[str(public_id)], now=timezone.now())
    return HttpResponseRedirect(link("notices"), status=303)


@require_POST
@for_members
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all notices as read."""
    reading.mark_read(user_id=request.user.pk, ids=None, now=timezone.now())
    messages.success(request, _("Everything is marked as read."))
    return HttpResponseRedirect(link("notices"), status=303)


@require_POST
@for_members
def mute(request: HttpRequest) -> HttpResponse:
    """Tell a member nothing more of one kind."""
    try:
        reading.choose(user_id=request.user.pk, ways={request.POST.get("kind", ""): Way.OFF.value})
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Muted. “How I hear of it” brings this kind back."))
    return HttpResponseRedirect(link("notices"), status=303)


@require_http_methods(["GET", "POST"])
@for_members
def choices(request: HttpRequest) -> HttpResponse:
    """Show and change how a member hears of each kind."""
    if request.method == "POST":
        offered = reading.ways_of(user_id=request.user.pk, permissions=request.permissions)
        ways = {kind.value: request.POST[kind.value] for kind in offered if kind.value in request.POST}
        try:
            reading.choose(user_id=request.user.pk, ways=ways)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Saved."))
        return HttpResponseRedirect(link("notice_choices"), status=303)
    page = present.choices(request)
    return render(request, "dashboard/notices/choices.html", {"shell": shell_of(request, ""), "page": page})


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def stop_mails(request: HttpRequest, token: str) -> HttpResponse:
    """Stop the mails of whoever got this link in one; a mail program posts here without a session (RFC 8058)."""
    user = letters.reader_of(token, tenant=request.tenant)
    if user is None:
        raise Http404
    if request.method == "POST":
        reading.stop_mails(user_id=user.pk, permissions=permissions_of(user, request.tenant))
    page = StopMailsPage(request.tenant.name, user.email, is_done=request.method == "POST")
    return render(request, "dashboard/notices/stop.html", {"page": page})
