"""The tenants' dashboard and the staff console."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Pages only; no model."""

    name = "payymo.dashboard"
    label = "dashboard"

    def ready(self) -> None:
        """Name what the staff console shows."""
        from payymo.dashboard import staff_words

        staff_words.name_all()
