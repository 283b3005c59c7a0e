"""The app that holds what every other app builds on."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    """No models of its own: abstract bases, money, HTTP, errors."""

    name = "payymo.shared"
    label = "shared"
