"""The payments app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "payments"
    verbose_name = _("Payment gateways")
    default_auto_field = "django.db.models.BigAutoField"
