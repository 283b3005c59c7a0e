"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
