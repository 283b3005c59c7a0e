"""Paths under `/api/v1/`."""

from django.urls import path

from payymo.notices.api import views

_ONE = "webhook-endpoints/<uuid:public_id>/"
urlpatterns = [
    path("webhook-endpoints/", views.EndpointList.as_view(), name="webhook-endpoints"),
    path(_ONE, views.EndpointDetail.as_view(), name="webhook-endpoint"),
    path(f"{_ONE}rotate/", views.RotateSecret.as_view(), name="webhook-endpoint-rotate"),
    path(f"{_ONE}pause/", views.PauseEndpoint.as_view(), name="webhook-endpoint-pause"),
    path(f"{_ONE}resume/", views.ResumeEndpoint.as_view(), name="webhook-endpoint-resume"),
    path(f"{_ONE}test/", views.TestEndpoint.as_view(), name="webhook-endpoint-test"),
    path(f"{_ONE}deliveries/", views.DeliveryList.as_view(), name="webhook-deliveries"),
    path("webhook-deliveries/<uuid:public_id>/resend/", views.ResendDelivery.as_view(), name="webhook-resend"),
]
