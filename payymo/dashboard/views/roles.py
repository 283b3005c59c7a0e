"""Roles of the company's own, for whoever may change members."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from accounts.models import Role
from accounts.services import roles
from payymo.dashboard.forms_members import RoleForm
from payymo.dashboard.links import link
from payymo.dashboard.pages.roles import RolePage
from payymo.dashboard.presenters import roles as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError


@require_GET
@requires_permission("members.change")
def listing(request: HttpRequest) -> HttpResponse:
    """Show every role and what it may do."""
    page = present.listing(request)
    return render(request, "dashboard/roles/list.html", {"shell": shell_of(request, "members"), "page": page})


@require_http_methods(["GET", "POST"])
@requires_permission("members.change", asks_again=True)
def new(request: HttpRequest) -> HttpResponse:
    """Make a role."""
    form = RoleForm(request.POST or None, choices=present.choices(request))
    if request.method == "POST" and form.is_valid() and _save(request, form, code=""):
        return _back(request, _("The role is there. Give it to somebody on the page of members."))
    return _page(request, RolePage(_("New role"), form))


@require_http_methods(["GET", "POST"])
@requires_permission("members.change", asks_again=True)
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change a role's name and what it may do."""
    role = get_object_or_404(Role, tenant=request.tenant, code=code)
    initial = {"name": role.name, "permissions": role.permissions}
    form = RoleForm(request.POST or None, initial=initial, choices=present.choices(request))
    if request.method == "POST" and form.is_valid() and _save(request, form, code=code):
        return _back(request, _("Saved. It counts from the next request of whoever has the role."))
    left = role.memberships.count()
    return _page(
        request, RolePage(role.name, form, link("role_remove", role.code), present.others(request, role), left)
    )


@require_POST
@requires_permission("members.change", asks_again=True)
def remove(request: HttpRequest, code: str) -> HttpResponse:
    """Delete a role; whoever has it gets another one."""
    role = get_object_or_404(Role, tenant=request.tenant, code=code)
    wanted = request.POST.get("instead", "")
    try:
        instead = roles.find_role(tenant=request.tenant, code=wanted) if wanted else None
        moved = roles.delete_role(role=role, granted=request.permissions, instead=instead)
    except DomainError as refused:
        messages.error(request, f"{refused} {_('Nothing was saved.')}")
        return HttpResponseRedirect(link("role", code), status=303)
    text = ngettext(
        "Deleted; %(n)d member has another role now.", "Deleted; %(n)d members have another role now.", moved
    )
    return _back(request, text % {"n": moved} if moved else _("Deleted. Nobody had it."))


def _save(request: HttpRequest, form: RoleForm, *, code: str) -> bool:
    try:
        roles.save_role(
            tenant=request.tenant,
            granted=request.permissions,
            code=code or roles.code_for(tenant=request.tenant, name=form.cleaned_data["name"]),
            name=form.cleaned_data["name"],
            codenames=form.cleaned_data["permissions"],
        )
    except DomainError as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _back(request: HttpRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return HttpResponseRedirect(link("roles"), status=303)


def _page(request: HttpRequest, page: RolePage) -> HttpResponse:
    context = {"shell": shell_of(request, "members"), "page": page}
    return render(request, "dashboard/roles/form.html", context, status=422 if page.form.errors else 200)
