"""What the staff host serves."""

from django.urls import include, path

from payymo.dashboard.staff import platform
from payymo.shared.metrics import metrics

urlpatterns = [
    path("", include("payymo.shared.urls")),
    path("metrics", metrics),
    path("admin/", platform.urls),
]
