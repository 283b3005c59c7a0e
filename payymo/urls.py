"""What a tenant's host serves."""

from django.urls import include, path

# Looked through in this order: what programs ask for by the hundred stands in front.
urlpatterns = [
    path("api/v1/", include("payymo.urls_api")),
    path("", include("payymo.shared.urls")),
    path("", include("accounts.urls")),
    path("", include("payymo.dashboard.urls")),
]
handler400 = "payymo.dashboard.views.errors.bad_request"
handler403 = "payymo.dashboard.views.errors.forbidden"
handler404 = "payymo.dashboard.views.errors.not_found"
handler500 = "payymo.dashboard.views.errors.server_error"
