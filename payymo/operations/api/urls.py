"""Paths under `/api/v1/`."""

from django.urls import path

from payymo.operations.api import views

urlpatterns = [
    path("settings/retention/", views.Retention.as_view(), name="retention"),
    path("persons/export/", views.ExportPerson.as_view(), name="person-export"),
    path("persons/erase/", views.ErasePerson.as_view(), name="person-erase"),
]
