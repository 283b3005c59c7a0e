from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.api import urls


def test_the_description_of_signing_in_is_valid_and_names_the_token(acme):
    schema = SchemaGenerator(patterns=urls.urlpatterns).get_schema(request=None, public=True)

    validate_schema(schema)
    assert schema["paths"]["/auth/me/"]["get"]["security"] == [{"tenantToken": []}, {"apiKey": []}]
    assert schema["components"]["securitySchemes"]["tenantToken"]["scheme"] == "bearer"
    pair = schema["components"]["schemas"]["TokenPairOutput"]["properties"]
    assert list(pair) == ["access", "refresh", "expires_in"]
