"""The tenant's dashboard."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Pages only; no model."""

    name = "payymo.dashboard"
    label = "dashboard"
