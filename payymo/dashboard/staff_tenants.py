"""The staff console's page of a tenant: how it is, and the acts that stop it or serve it again."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from payymo.audit.acting import Acting
from payymo.dashboard import formats
from payymo.operations.services import lifecycle
from payymo.shared.admin import ReadOnlyAdmin
from payymo.shared.errors import DomainError
from tenants.models import Tenant, TenantFigure
from tenants.services.migrating import is_current

_FIGURES = {"to_review": "payments_to_review", "posting_waits": "posting_waits_seconds", "feed_age": "feed_age_seconds"}
_ACTS = {"suspend": lifecycle.suspend_tenant, "resume": lifecycle.resume_tenant}


class TenantAdmin(ReadOnlyAdmin):
    """Tenants, their state, and the way in while they grant support access."""

    list_display = (
        *("name", "slug", "state", "to_review", "posting_waits", "feed_age", "is_up_to_date", "support_access_until"),
        "enter",
    )
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        """Read each tenant's numbers beside it, as a worker last counted them."""
        found = TenantFigure.objects.filter(tenant=OuterRef("pk")).values("tenant")
        counted = {
            column: Subquery(found.filter(name=name).annotate(worst=Max("value")).values("worst"))
            for column, name in _FIGURES.items()
        }
        return super().get_queryset(request).annotate(**counted)

    @admin.display(description=_("to review"), ordering="to_review")
    def to_review(self, tenant: Tenant) -> str:
        """Count the payments that wait for a decision."""
        return "–" if tenant.to_review is None else formats.number(int(tenant.to_review))

    @admin.display(description=_("oldest posting waits"), ordering="posting_waits")
    def posting_waits(self, tenant: Tenant) -> str:
        """Say for how long the oldest posting waits."""
        return formats.apart(timedelta(seconds=tenant.posting_waits or 0)) or "–"

    @admin.display(description=_("oldest feed"), ordering="feed_age")
    def feed_age(self, tenant: Tenant) -> str:
        """Say how long ago the feed that is furthest behind was read."""
        return formats.apart(timedelta(seconds=tenant.feed_age or 0)) or "–"

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
