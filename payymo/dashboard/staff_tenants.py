"""The staff console's page of a tenant: how it is, and the acts that stop it or serve it again."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from payymo.audit.acting import Acting
from payymo.operations.services import lifecycle
from payymo.shared.admin import ReadOnlyAdmin
from payymo.shared.errors import DomainError
from tenants.models import Tenant
from tenants.services.migrating import is_current

_ACTS = {"suspend": lifecycle.suspend_tenant, "resume": lifecycle.resume_tenant}


class TenantAdmin(ReadOnlyAdmin):
    """Tenants, their state, and the way in while they grant support access."""

    list_display = ("name", "slug", "state", "is_up_to_date", "created_at", "support_access_until", "enter")
    list_filter = ("state",)
    search_fields = ("name", "slug")
    fields = (
        *(
            "public_id",
            "slug",
            "name",
            "state",
            "time_zone",
            "language",
            "undo_seconds",
            "support_access_until",
            "created_at",
        ),
        *("is_up_to_date", "schema_head", "migration_started_at", "migration_finished_at", "migration_error"),
    )
    change_form_template = "admin/tenant.html"

    @admin.display(boolean=True, description=_("up to date"))
    def is_up_to_date(self, tenant: Tenant) -> bool:
        """Whether this release serves the tenant's schema; until then it is answered 503."""
        return is_current(tenant)

    @admin.display(description=_("enter"))
    def enter(self, tenant: Tenant) -> str:
        """Link to the tenant's records."""
        if not tenant.support_access_until or tenant.support_access_until < timezone.now() or not tenant.is_active:
            return "–"
        return format_html('<a href="/admin/t/{}/">{}</a>', tenant.slug, gettext("Enter"))

    def get_urls(self) -> list[Any]:
        """Add the acts."""
        act = self.admin_site.admin_view(require_POST(self.act))
        return [path("<int:pk>/act/<slug:name>/", act, name="tenants_tenant_act"), *super().get_urls()]

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Carry out one of the acts, for a superuser who has written the tenant's short name."""
        tenant = get_object_or_404(Tenant, pk=pk)
        if not request.user.is_superuser or name not in _ACTS:
            raise PermissionDenied
        if request.POST.get("confirm", "").strip() != tenant.slug:
            messages.error(request, gettext("Nothing was done: write %s to confirm.") % tenant.slug)
        else:
            try:
                changed = _ACTS[name](slug=tenant.slug, by=Acting("staff", request.user.public_id))
                messages.success(request, f"{changed.name}: {changed.get_state_display()}")
            except DomainError as error:
                messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:tenants_tenant_change", args=[pk]), status=303)
