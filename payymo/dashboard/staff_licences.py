"""Licences on the staff console: looked at by everybody, installed by a superuser."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from payymo.shared.admin import ReadOnlyAdmin
from payymo.shared.errors import DomainError
from tenants.models import Licence
from tenants.services import licences


class _InstallForm(forms.ModelForm):
    """A company and the key that it was sold."""

    class Meta:
        model = Licence
        fields = ("tenant", "key")

    def clean(self) -> dict[str, Any]:
        """Put the key in force; what is wrong with it is said beside it."""
        given = super().clean() or {}
        if given.get("tenant") and given.get("key"):
            try:
                self.instance = licences.install(tenant=given["tenant"], key=given["key"], now=timezone.now())
            except DomainError as error:
                raise ValidationError({"key": str(error)}) from error
        return given

    def save(self, commit: bool = True) -> Licence:
        """Return what was installed."""
        return self.instance

    def save_m2m(self) -> None:
        """There is nothing beside the row."""


class LicenceAdmin(ReadOnlyAdmin):
    """Every licence that was installed; the one issued last is in force."""

    form = _InstallForm
    list_display = ("tenant", "plan", "issued_at", "expires_at", "installed_at")
    list_filter = ("plan",)
    search_fields = ("tenant__name", "tenant__slug")
    list_select_related = ("tenant",)
    ordering = ("-installed_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let superusers install a key."""
        return bool(request.user.is_superuser)

    def get_fields(self, request: HttpRequest, obj: Licence | None = None) -> tuple[str, ...]:
        """Ask for company and key; show everything of what is there."""
        shown = ("tenant", "licence_id", "plan", "issued_at", "expires_at", "installed_at")
        return shown if obj else ("tenant", "key")

    def save_model(self, request: HttpRequest, obj: Licence, form: Any, change: bool) -> None:
        """The service has written it."""


class LicenceCheckAdmin(ReadOnlyAdmin):
    """How often each licence was verified, what for, and with which outcome."""

    list_display = ("tenant", "day", "purpose", "outcome", "checks", "last_at")
    list_filter = ("outcome", "purpose")
    list_select_related = ("tenant",)
    ordering = ("-last_at",)
