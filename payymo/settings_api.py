"""Settings of the API and of its description. Nothing here differs between installations."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TenantTokenAuthentication",
        "accounts.api.authentication.ApiKeyAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.IsTenantMember"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.CallerThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["payymo.shared.api.parsing.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "payymo.shared.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "payymo.shared.api.description.DescribedSchema",
    "EXCEPTION_HANDLER": "payymo.shared.api.errors.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Payymo API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "DESCRIPTION": "Reconciles bank transfers and card payments with WHMCS invoices. Amounts are strings in the "
    "currency's own digits. Errors are problem+json. Lists are paged by `cursor`, newest first.",
    "SERVE_URLCONF": "payymo.urls",
    "SERVE_AUTHENTICATION": None,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "payymo.shared.api.description.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ReceiptStateEnum": "payymo.shared.models.ReceiptState",
        "BankConnectionStateEnum": "banking.models.BankConnection.State",
        "StatementImportStateEnum": "banking.models.StatementImport.State",
        "StripeConnectionStateEnum": "payments.models.StripeConnection.State",
        "WhmcsInstanceStateEnum": "whmcs.models.WhmcsInstance.State",
        "PostingStateEnum": "whmcs.models.Posting.State",
        "PostingKindEnum": "whmcs.models.Posting.Kind",
        "DecisionKindEnum": "matching.models.Decision.Kind",
        "EndpointStateEnum": "payymo.notices.models.Endpoint.State",
        "DeliveryStateEnum": "payymo.notices.models.Delivery.State",
        "StripeConnectionKindEnum": "payments.models.StripeConnection.Kind",
    },
}
