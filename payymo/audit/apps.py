"""The tenant's audit log."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers the app under the name `audit`."""

    name = "payymo.audit"
    label = "audit"
