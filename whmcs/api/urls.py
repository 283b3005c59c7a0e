"""Paths under `/api/v1/`."""

from django.urls import path

from whmcs.api import module, views, webhooks

urlpatterns = [
    path("whmcs-instances/", views.Instances.as_view(), name="whmcs-instances"),
    path("whmcs-instances/<uuid:public_id>/test/", views.TestInstance.as_view(), name="whmcs-instance-test"),
    path("whmcs-instances/<uuid:public_id>/guard/", views.GuardSetting.as_view(), name="whmcs-guard"),
    path("whmcs-instances/<uuid:public_id>/module/", module.Pairing.as_view(), name="whmcs-module-pairing"),
    path("webhooks/whmcs/<uuid:public_id>/", webhooks.WhmcsWebhook.as_view(), name="whmcs-webhook"),
    path("clients/", views.Clients.as_view(), name="clients"),
    path("invoices/", views.Invoices.as_view(), name="invoices"),
    path("invoices/<uuid:public_id>/", views.InvoiceDetail.as_view(), name="invoice"),
    path("postings/", views.Postings.as_view(), name="postings"),
    path("postings/<uuid:public_id>/", views.PostingDetail.as_view(), name="posting"),
    path("postings/<uuid:public_id>/retry/", views.RetryPosting.as_view(), name="posting-retry"),
]
