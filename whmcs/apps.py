"""The whmcs app."""

from django.apps import AppConfig


class WhmcsConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "whmcs"
    verbose_name = "WHMCS"
    default_auto_field = "django.db.models.BigAutoField"
