"""The pages of the dashboard that the staff console serves too."""

from django.urls import include, path

app_name = "dashboard"
urlpatterns = [path("", include("payymo.dashboard.urls_review"))]
