"""The payments app."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"
