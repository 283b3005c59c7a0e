"""The matching app."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """See this app's models for what it holds and in which schema."""

    name = "matching"
    default_auto_field = "django.db.models.BigAutoField"
