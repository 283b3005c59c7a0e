"""Tenancy: hosts, schemas, data keys."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Lives in the shared schema."""

    name = "tenants"
    verbose_name = _("Tenants")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks."""
        from tenants import checks  # noqa: F401 - registering is what importing does
