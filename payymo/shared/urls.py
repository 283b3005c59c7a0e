"""Health, on every host."""

from django.urls import path

from payymo.shared import health

urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
]
