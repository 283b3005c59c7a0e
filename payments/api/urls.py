"""Below `/api/v1/`."""

from django.urls import path

from payments.api import views

urlpatterns = [
    path("webhooks/stripe/", views.StripeWebhook.as_view(), name="stripe-webhook"),
    path("webhooks/gocardless/", views.GoCardlessWebhook.as_view(), name="gocardless-webhook"),
    path("stripe-connections/", views.StripeConnectionList.as_view(), name="stripe-connections"),
    path("stripe-connections/<uuid:public_id>/", views.StripeConnectionDetail.as_view(), name="stripe-connection"),
    path(
        "stripe-connections/<uuid:public_id>/webhook-secret/",
        views.StripeWebhookSecret.as_view(),
        name="stripe-webhook-secret",
    ),
    path(
        "stripe-connections/<uuid:public_id>/permissions/",
        views.StripePermissions.as_view(),
        name="stripe-permissions",
    ),
    path("stripe-payments/", views.StripePaymentList.as_view(), name="stripe-payments"),
    path("stripe-payments/<uuid:public_id>/", views.StripePaymentDetail.as_view(), name="stripe-payment"),
    path("stripe-payment-intents/", views.PaymentIntentList.as_view(), name="stripe-payment-intents"),
    path("payouts/", views.PayoutList.as_view(), name="payouts"),
    path("payouts/<uuid:public_id>/", views.PayoutDetail.as_view(), name="payout"),
    path("payouts/<uuid:public_id>/items/", views.PayoutItemList.as_view(), name="payout-items"),
    path("gocardless-connections/", views.GoCardlessConnect.as_view(), name="gocardless-connections"),
]
