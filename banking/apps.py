"""The banking app."""

from django.apps import AppConfig


class BankingConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "banking"
    default_auto_field = "django.db.models.BigAutoField"
