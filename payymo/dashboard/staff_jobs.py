"""The staff console's list of parked jobs, and the act that lets them be worked on again."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from payymo.audit.services.recording import record_platform
from payymo.shared.admin import ReadOnlyAdmin
from tenants.job_models import ParkedJob
from tenants.services import running


class ParkedJobAdmin(ReadOnlyAdmin):
    """What nobody works on until a person has looked: no known tenant, or workers that died of it."""

    list_display = ("task", "reason", "named_tenant", "times", "parked_at", "last_at", "released_at")
    list_filter = (("released_at", admin.EmptyFieldListFilter), "reason")
    search_fields = ("task", "named_tenant")
    fields = ("task", "reason", "named_tenant", "arguments", "times", "parked_at", "last_at", "released_at")
    actions = ("release",)

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Leave it to superusers: what is released runs for a tenant."""
        return bool(request.user.is_superuser)

    @admin.action(description=_("Release: work on it again"), permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet[ParkedJob]) -> None:
        """Release the chosen ones; a job that still kills is parked again."""
        released = 0
        for row in queryset.filter(released_at=None):
            if running.release(parked=row):
                released += 1
                details = {"task": row.task, "tenant": row.named_tenant, "reason": row.reason}
                record_platform(action="job.released", details=details)
        messages.success(request, ngettext("%d job released.", "%d jobs released.", released) % released)
