"""Keys for programs: listed with their last use, made, and revoked."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from accounts.models import ApiKey
from accounts.services import api_keys
from payymo.dashboard.forms_api_keys import ApiKeyForm
from payymo.dashboard.links import link
from payymo.dashboard.presenters import api_keys as present
from payymo.dashboard.presenters import roles
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError


@never_cache
@require_http_methods(["GET", "POST"])
@requires_permission("api_keys.change", asks_again=True)
def listing(request: HttpRequest) -> HttpResponse:
    """Show the keys, and make one; it is in this answer alone."""
    choices, key = roles.choices(request), ""
    form = ApiKeyForm(request.POST if request.method == "POST" else None, choices=choices)
    if form.is_valid():
        now = timezone.now()
        try:
            key = api_keys.make_api_key(
                membership=request.membership, granted=request.permissions, name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"], expires_at=now + timedelta(days=form.cleaned_data["days"]), now=now,
                seen=request.POST.get("version", ""),
            ).key  # fmt: skip
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            form = ApiKeyForm(choices=choices)
    page = present.page(request, form, now=timezone.now(), key=key)
    around = {"shell": shell_of(request, "settings"), "page": page}
    return render(request, "dashboard/settings/api.html", around, status=422 if form.errors else 200)


@require_POST
@requires_permission("api_keys.change", asks_again=True)
def revoke(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End a key at once."""
    row = get_object_or_404(ApiKey, tenant=request.tenant, public_id=public_id)
    api_keys.revoke_api_key(key=row, now=timezone.now())
    messages.success(request, _("Revoked. It opens nothing any more."))
    return HttpResponseRedirect(link("api_keys"), status=303)


@require_GET
@requires_permission("api_keys.change")
def description(request: HttpRequest) -> FileResponse:
    """Download the API's description for programs and their makers."""
    path = settings.BASE_DIR / "docs" / "api" / "openapi.yaml"
    return FileResponse(path.open("rb"), as_attachment=True, filename="payymo-openapi.yaml")
