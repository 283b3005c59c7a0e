"""Everything below `/api/v1/` on a tenant's host."""

from django.urls import include, path

# Gateways report hundreds of events a second: their addresses are found first.
urlpatterns = [
    path("", include("payments.api.urls")),
    path("", include("accounts.api.urls")),
    path("", include("banking.api.urls")),
    path("", include("whmcs.api.urls")),
    path("", include("matching.api.urls")),
    path("", include("payymo.dashboard.api.urls")),
    path("", include("payymo.notices.api.urls")),
    path("", include("payymo.operations.api.urls")),
]
