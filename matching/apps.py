"""The matching app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MatchingConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "matching"
    verbose_name = _("Matching")
    default_auto_field = "django.db.models.BigAutoField"
