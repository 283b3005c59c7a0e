"""What a tenant's host serves."""

from django.urls import include, path

urlpatterns = [
    path("", include("payymo.shared.urls")),
]
