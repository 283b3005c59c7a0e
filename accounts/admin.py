"""Users, roles and memberships on the staff host. The classes only; the staff site registers them."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import ForeignKey, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role, User
from payymo.audit.services.recording import record_platform


class RecordedAdmin(admin.ModelAdmin):
    """What staff changes here is in the platform's log: which row, which fields, never their values."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save and record in one transaction."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            person = obj if isinstance(obj, User) else obj.user
            details = {
                "row": obj._meta.label_lower, "person": str(person.public_id), "fields": ",".join(form.changed_data),
            }  # fmt: skip
            record_platform(action="staff.changed", details=details)


class UserAdmin(RecordedAdmin):
    """People. Passwords are neither shown nor set here; only a superuser says who is staff."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("public_id", "email", "name", "is_active", "is_staff", "last_login", "created_at")
    readonly_fields = ("public_id", "email", "last_login", "created_at")
    ordering = ("email",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Keep `is_staff`, and everything of other staff, from whoever is no superuser."""
        if request.user.is_superuser:
            return self.readonly_fields
        if obj is not None and (obj.is_staff or obj.is_superuser):
            return self.fields
        return (*self.readonly_fields, "is_staff")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: people come by invitation or command."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse: a person who leaves is removed by `remove_user`, so that what they decided keeps its name."""
        return False


class RoleAdmin(admin.ModelAdmin):
    """The built-in roles and the tenants' own; the permissions of the built-in ones are those of the release."""

    list_display = ("label", "code", "tenant")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "code")
    fields = readonly_fields = ("tenant", "code", "label", "permissions")

    @admin.display(description=_("name"), ordering="name")
    def label(self, role: Role) -> str:
        """Show the name that people read."""
        return role.label

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a tenant makes its own roles."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Role | None = None) -> bool:
        """Refuse: those are the release's, or the tenant's own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Role | None = None) -> bool:
        """Refuse: memberships hang on it."""
        return False


class MembershipAdmin(RecordedAdmin):
    """Who belongs to which tenant, in which role."""

    list_display = ("person", "email", "tenant", "role", "is_active", "created_at")
    list_filter = ("tenant", "role__code", "is_active")
    list_select_related = ("user", "tenant", "role")
    search_fields = ("user__email", "user__name", "tenant__name")
    fields = ("person", "email", "tenant", "role", "is_active", "created_at")
    readonly_fields = ("person", "email", "tenant", "created_at")

    @admin.display(description=_("person"), ordering="user__name")
    def person(self, membership: Membership) -> str:
        """Show the member's name."""
        return membership.user.display_name

    @admin.display(description=_("e-mail address"), ordering="user__email")
    def email(self, membership: Membership) -> str:
        """Show the member's address."""
        return membership.user.email

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the built-in roles and those of the same tenant."""
        if db_field.name == "role":
            kwargs["queryset"] = self._roles(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @staticmethod
    def _roles(request: HttpRequest) -> QuerySet[Role]:
        edited = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        own = Q(tenant__memberships__pk=edited) if str(edited).isdigit() else Q(pk=None)
        return Role.objects.filter(Q(tenant=None) | own).distinct()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: members come by invitation or command."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Refuse: a member who leaves is deactivated."""
        return False
