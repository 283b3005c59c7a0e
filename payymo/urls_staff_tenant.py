"""What the staff host serves below `/admin/t/<tenant>/`, inside that tenant."""

from django.urls import include, path

from payymo.dashboard.staff import inside_tenant

urlpatterns = [
    path("", include("payymo.dashboard.urls_staff")),
    path("", inside_tenant.urls),
]
handler400 = "payymo.dashboard.views.errors.bad_request"
handler403 = "payymo.dashboard.views.errors.forbidden"
handler404 = "payymo.dashboard.views.errors.not_found"
handler500 = "payymo.dashboard.views.errors.server_error"
