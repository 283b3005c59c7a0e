"""The demo's own command; not installed in production."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """No models."""

    name = "payymo.demo"
    label = "demo"
