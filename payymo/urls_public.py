"""What the staff host serves."""

from django.urls import include, path

from payymo.dashboard.staff import platform

urlpatterns = [
    path("", include("payymo.shared.urls")),
    path("admin/", platform.urls),
]
