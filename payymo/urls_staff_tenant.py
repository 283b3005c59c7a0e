"""What the staff host serves below `/admin/t/<tenant>/`, inside that tenant."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
