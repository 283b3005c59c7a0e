"""What an operator does to whole tenants and to the whole database."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Sees every app below it, and nothing but the pages sees it. Its tables are in the tenants' schemas."""

    name = "payymo.operations"
    label = "operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add the installation's figures to what the metrics answer."""
        from payymo.operations.metrics import InstallationCollector
        from payymo.shared.metrics import COLLECTORS

        COLLECTORS.append(InstallationCollector())
