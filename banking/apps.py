"""The banking app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BankingConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "banking"
    verbose_name = _("Bank")
    default_auto_field = "django.db.models.BigAutoField"
