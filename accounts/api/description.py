"""`/api/v1/schema/`: the API's description, for whoever may make keys."""

from drf_spectacular.views import SpectacularAPIView

from accounts.api.authentication import ApiKeyAuthentication, TenantTokenAuthentication
from accounts.api.permissions import requires


class Description(SpectacularAPIView):
    """OpenAPI 3.1 as YAML, or as JSON by `?format=json`; the same for every tenant."""

    authentication_classes = (TenantTokenAuthentication, ApiKeyAuthentication)
    permission_classes = (requires("api_keys.change"),)
    schema = None
