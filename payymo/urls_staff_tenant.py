"""What the staff host serves below `/admin/t/<tenant>/`, inside that tenant."""

from django.urls import include, path

from payymo.dashboard.staff import inside_tenant

urlpatterns = [
    path("", include("payymo.dashboard.urls_staff")),
    path("", inside_tenant.urls),
]
