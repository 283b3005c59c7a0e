"""The accounts app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "accounts"
    verbose_name = _("People and roles")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Give the API's idempotency its records."""
        from accounts.services.idempotency import TenantRecords
        from payymo.shared.api import idempotency

        idempotency.use(TenantRecords())
