"""What the staff host serves."""

from django.urls import include, path

from payments.api.connect import StripeConnectReturn, StripeConnectWebhook
from payymo.dashboard.staff import platform
from payymo.shared.metrics import metrics

urlpatterns = [
    path("", include("payymo.shared.urls")),
    path("metrics", metrics),
    path("connect/stripe/", StripeConnectReturn.as_view(), name="stripe-connect-return"),
    path("webhooks/stripe-connect/", StripeConnectWebhook.as_view(), name="stripe-connect-webhook"),
    path("admin/", platform.urls),
]
handler400 = "payymo.dashboard.views.errors.bad_request"
handler403 = "payymo.dashboard.views.errors.forbidden"
handler404 = "payymo.dashboard.views.errors.not_found"
handler500 = "payymo.dashboard.views.errors.server_error"
