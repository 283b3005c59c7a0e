"""What the staff host serves."""

from django.urls import include, path

urlpatterns = [
    path("", include("payymo.shared.urls")),
]
