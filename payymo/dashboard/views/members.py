"""Members and invitations, for whoever may change them."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from accounts.models import Membership
from accounts.services import invitations, roles
from accounts.services import members as services
from banking import selectors
from payymo.dashboard.forms_members import AccountsForm, InviteForm
from payymo.dashboard.links import link
from payymo.dashboard.pages.members import MemberAccountsPage, MembersPage
from payymo.dashboard.presenters import members as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError

MOST = 200


@require_GET
@requires_permission("members.change")
def listing(request: HttpRequest) -> HttpResponse:
    """Show who belongs here and who is invited."""
    return _page(request, InviteForm(roles=present.roles_to_give(request)))


@require_POST
@requires_permission("members.change", asks_again=True)
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody by mail."""
    form = InviteForm(request.POST, roles=present.roles_to_give(request))
    if not form.is_valid():
        return _page(request, form)
    try:
        invitations.invite(
            tenant=request.tenant,
            email=form.cleaned_data["email"],
            role=roles.find_role(tenant=request.tenant, code=form.cleaned_data["role"]),
            invited_by=request.user,
            granted=request.permissions,
            now=timezone.now(),
        )
    except DomainError as refused:
        form.add_error("email", str(refused))
        return _page(request, form)
    messages.success(request, _("The invitation is on its way. Its link works once, for 72 hours."))
    return _back()


@require_POST
@requires_permission("members.change", asks_again=True)
def change_invitation(request: HttpRequest, public_id: uuid.UUID, act: str) -> HttpResponse:
    """Send an invitation again, or withdraw it."""
    mine = invitations.open_invitations(request.tenant).select_related("role", "tenant")
    row, now = get_object_or_404(mine, public_id=public_id), timezone.now()
    try:
        if act == "resend":
            invitations.resend(invitation=row, granted=request.permissions, now=now)
            messages.success(request, _("Sent again. The link before does not work any more."))
        elif act == "withdraw":
            invitations.withdraw(invitation=row, now=now)
            messages.success(request, _("Withdrawn. Its link opens nothing any more."))
        else:
            raise Http404
    except DomainError as refused:
        messages.error(request, str(refused))
    return _back()


@require_POST
@requires_permission("members.change", asks_again=True)
def change(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give a colleague another role, or end or resume their membership."""
    mine = Membership.objects.filter(tenant=request.tenant).select_related("role", "user", "tenant")
    row = get_object_or_404(mine, user__public_id=public_id)
    wanted, code = request.POST.get("do", ""), request.POST.get("role", "")
    try:
        services.change_member(
            membership=row,
            granted=request.permissions,
            role=roles.find_role(tenant=request.tenant, code=code) if code and not wanted else None,
            is_active={"end": False, "resume": True}.get(wanted),
            now=timezone.now(),
        )
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Saved. It counts from their next request on."))
    return _back()


@require_http_methods(["GET", "POST"])
@requires_permission("members.change", asks_again=True)
def accounts(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Limit a colleague to some bank accounts, or lift the limit."""
    mine = Membership.objects.filter(tenant=request.tenant).select_related("role", "user", "tenant")
    row = get_object_or_404(mine, user__public_id=public_id)
    form = AccountsForm(request.POST or None, initial=present.limits_of(row), accounts=selectors.accounts()[:MOST])
    error = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.limit_member(membership=row, granted=request.permissions, accounts=form.chosen)
        except DomainError as refused:
            error = f"{refused} {_('Nothing was saved.')}"
        else:
            messages.success(request, _("Saved. It counts from their next request on."))
            return _back()
    page = MemberAccountsPage(_("Bank accounts of %s") % row.user.display_name, form, error)
    around = {"shell": shell_of(request, "members"), "page": page}
    return render(request, "dashboard/member_accounts.html", around, status=422 if error or form.errors else 200)


def _back() -> HttpResponse:
    return HttpResponseRedirect(link("members"), status=303)


def _page(request: HttpRequest, form: InviteForm) -> HttpResponse:
    now = timezone.now()
    people = present.members(request, present.roles_to_give(request), now)
    page = MembersPage(
        members=people[: present.MOST],
        invitations=present.invited(request, now),
        form=form,
        more=len(people) > present.MOST,
    )
    return render(
        request,
        "dashboard/members.html",
        {"shell": shell_of(request, "members"), "page": page},
        status=422 if form.errors else 200,
    )
