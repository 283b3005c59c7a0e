"""The error bodies of Stripe."""

from typing import Any


class StripeRefusal(Exception):
    """Ends a request with an error answer."""

    def __init__(self, status: int, error: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.headers = status, error, headers or {}


def invalid(message: str, *, param: str = "", code: str = "", status: int = 400) -> StripeRefusal:
    """Return an `invalid_request_error`."""
    error = {"message": message, "type": "invalid_request_error"}
    if code:
        error["code"] = code
        error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
    if param:
        error["param"] = param
    return StripeRefusal(status, error)


def missing(kind: str, id: str, param: str = "id") -> StripeRefusal:
    """Return the 404 for an object that is not there, or is in another account."""
    return invalid(f"No such {kind}: '{id}'", param=param, code="resource_missing", status=404)


def unauthenticated(key: str) -> StripeRefusal:
    """Return the 401 for no key or a wrong one."""
    if not key:
        return invalid(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth "
            "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    return invalid(f"Invalid API Key provided: {masked(key)}", status=401)


def masked(key: str) -> str:
    """Return a key as Stripe shows it in messages."""
    return f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}"


def no_access(key: str, account: str) -> StripeRefusal:
    """Return the 403 for an account that the key may not act for."""
    return invalid(
        f"The provided key '{masked(key)}' does not have access to account '{account}' "
        "(or that account does not exist). "
        "Application access may have been revoked.",
        code="account_invalid",
        status=403,
    )


def no_permission(key: str, account: str, right: str) -> StripeRefusal:
    """Return the 403 for a right that the restricted key lacks."""
    return invalid(
        f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on "
        f"account '{account}'. "
        f"Having the '{right}' permission would allow this request to continue.",
        status=403,
    )


def rate_limited() -> StripeRefusal:
    """Return the 429; it says why, and not when to come back."""
    error = {
        "message": "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
        "type": "invalid_request_error",
        "code": "rate_limit",
    }
    return StripeRefusal(429, error, {"Stripe-Rate-Limited-Reason": "global-rate"})


def broken() -> StripeRefusal:
    """Return the 500."""
    return StripeRefusal(500, {"message": "An unknown error occurred", "type": "api_error"})
