"""The staff host's two admin sites: the platform, and the inside of one tenant that grants support access."""

from functools import partial
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin, register
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import admin as accounts_admin
from accounts import models as accounts
from accounts import pending_sign_in, staff_views
from accounts.forms import StaffSignInForm
from accounts.rendering import forgotten
from accounts.services.staff_visits import note_leaving
from banking import admin as banking_admin
from banking import models as banking
from matching import admin as matching_admin
from matching import models as matching
from payments import admin as payments_admin
from payments import models as payments
from payymo.dashboard import refreshing
from payymo.dashboard.formats import full_moment
from payymo.dashboard.presenters import system_health
from payymo.dashboard.staff_entering import enter
from payymo.dashboard.staff_jobs import ParkedJobAdmin
from payymo.dashboard.staff_licences import LicenceAdmin, LicenceCheckAdmin
from payymo.dashboard.staff_tenants import TenantAdmin
from payymo.shared.admin import ReadOnlyAdmin
from tenants.models import Domain, Licence, LicenceCheck, ParkedJob, Tenant
from whmcs import admin as whmcs_admin
from whmcs import models as whmcs

_SYSTEM = "pm-system"


class StaffSite(AdminSite):
    """Only Payymo's own staff, on the staff host."""

    site_header = site_title = _("Payymo staff")
    index_title = _("Platform")
    # The staff host has no pages besides; Django's link to them would be a dead one.
    site_url = None
    enable_nav_sidebar = False
    login_form = StaffSignInForm

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Go to the console after the sign-in; the tenants' overview, Django's choice here, is no page of this host."""
        if "next" not in request.GET and "next" not in request.POST:
            request.GET = request.GET.copy()
            request.GET["next"] = reverse("admin:index", current_app=self.name)
        answer = super().login(request, extra_context)
        form = getattr(answer, "context_data", None) and answer.context_data.get("form")
        if isinstance(form, StaffSignInForm) and form.waits is not None:
            onward = staff_views.onward(request)
            pending_sign_in.begin_staff(request.session, form.waits, onward=onward, now=timezone.now())
            return HttpResponseRedirect(reverse("admin:second_factor"), status=303)
        return answer

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign out, and let the browser forget what it kept of the pages."""
        return forgotten(super().logout(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Change one's own password by the rules of everybody; Django's page counts no guess and tells nobody."""
        return staff_views.own_password(request)

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this is a member of staff."""
        return bool(request.user.is_authenticated and request.user.is_active and request.user.is_staff)


class PlatformSite(StaffSite):
    """What is above all companies, and staff's own passkeys."""

    index_template = "admin/platform.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show how the installation runs and each company in numbers, anew while somebody looks."""
        page = {"page": system_health.installation(request, now=timezone.now())}
        if request.headers.get("X-Payymo-Part") == _SYSTEM:
            return refreshing.answer(request, "", page, part="admin/system_part.html", of=_SYSTEM)
        return super().index(request, {**(extra_context or {}), **page})

    def get_urls(self) -> list[Any]:
        """Add the second step of signing in, and what is one's own."""
        return [
            path("login/second/", staff_views.second, name="second_factor"),
            path("passkeys/", self.admin_view(staff_views.own_passkeys), name="passkeys"),
            path("passkeys/<uuid:public_id>/", self.admin_view(staff_views.remove_passkey), name="passkey_remove"),
            path("language/", self.admin_view(staff_views.language), name="language"),
            path("sessions/", self.admin_view(staff_views.own_sessions), name="sessions"),
            path("sessions/<uuid:public_id>/", self.admin_view(staff_views.end_session), name="session_end"),
            *super().get_urls(),
        ]


class TenantSite(StaffSite):
    """The records of one tenant. The host middleware let nobody in without its support access."""

    index_title = _("Records")
    index_template = "admin/records.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether staff may look into this tenant now."""
        return super().has_permission(request) and bool(request.permissions)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the strip that says in which tenant one is."""
        return {**super().each_context(request), "staff_strip": strip_of(request)}

    def get_urls(self) -> list[Any]:
        """Add the way in and the way out."""
        return [
            path("enter/", self.admin_view(partial(enter, site=self)), name="enter"),
            path("leave/", self.admin_view(require_POST(self.leave)), name="leave"),
            *super().get_urls(),
        ]

    def leave(self, request: HttpRequest) -> HttpResponse:
        """Leave the tenant; it is written down there, and coming back is another entry."""
        note_leaving(session=request.session, tenant=request.tenant, staff=request.user)
        return HttpResponseRedirect("/admin/", status=303)


def strip_of(request: HttpRequest) -> dict[str, str]:
    """Say in which tenant staff is, and until when it may be."""
    tenant = request.tenant
    until = tenant.support_access_until
    return {
        "tenant_name": tenant.name,
        "review_url": reverse("dashboard:review"),
        "until": full_moment(until) if until else "",
        "leave_url": reverse("admin:leave"),
    }


platform = PlatformSite(name="admin")
inside_tenant = TenantSite(name="admin")


@register(Domain, site=platform)
class DomainAdmin(ReadOnlyAdmin):
    """Hosts."""

    list_display = ("domain", "tenant", "is_primary")
    search_fields = ("domain",)


_PLATFORM: list[tuple[Any, type[ModelAdmin]]] = [  # type: ignore[type-arg]
    (Tenant, TenantAdmin),
    (Licence, LicenceAdmin),
    (LicenceCheck, LicenceCheckAdmin),
    (ParkedJob, ParkedJobAdmin),
    (accounts.User, accounts_admin.UserAdmin),
    (accounts.Membership, accounts_admin.MembershipAdmin),
    (accounts.Role, accounts_admin.RoleAdmin),
]
_TENANT: list[tuple[Any, type[ModelAdmin]]] = [  # type: ignore[type-arg]
    (banking.BankConnection, banking_admin.BankConnectionAdmin),
    (banking.BankAccount, banking_admin.BankAccountAdmin),
    (banking.RawFetch, banking_admin.RawFetchAdmin),
    (banking.StatementImport, banking_admin.StatementImportAdmin),
    (banking.BankTransaction, banking_admin.BankTransactionAdmin),
    (payments.StripeConnection, payments_admin.StripeConnectionAdmin),
    (payments.StripePayment, payments_admin.StripePaymentAdmin),
    (payments.Payout, payments_admin.PayoutAdmin),
    (payments.WebhookEvent, payments_admin.WebhookEventAdmin),
    (whmcs.WhmcsInstance, whmcs_admin.WhmcsInstanceAdmin),
    (whmcs.Client, whmcs_admin.ClientAdmin),
    (whmcs.Invoice, whmcs_admin.InvoiceAdmin),
    (whmcs.Posting, whmcs_admin.PostingAdmin),
    (matching.Proposal, matching_admin.ProposalAdmin),
    (matching.Decision, matching_admin.DecisionAdmin),
    (matching.InvoiceMatch, matching_admin.AllocationAdmin),
    (matching.StripeInvoiceMatch, matching_admin.AllocationAdmin),
    (matching.Settlement, matching_admin.SettlementAdmin),
    (matching.EngineModel, matching_admin.EngineModelAdmin),
    (matching.AutomationStop, matching_admin.AutomationStopAdmin),
]
for _model, _admin in _PLATFORM:
    platform.register(_model, _admin)
for _model, _admin in _TENANT:
    inside_tenant.register(_model, _admin)


def staff_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the staff console's own pages need around them."""
    return inside_tenant.each_context(request)
