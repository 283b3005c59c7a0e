"""Everything below `/api/v1/` on a tenant's host."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("banking.api.urls")),
    path("", include("payments.api.urls")),
    path("", include("whmcs.api.urls")),
    path("", include("matching.api.urls")),
    path("", include("payymo.dashboard.api.urls")),
    path("", include("payymo.notices.api.urls")),
    path("", include("payymo.operations.api.urls")),
]
