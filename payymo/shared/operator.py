"""Who may see how the installation is: whoever shows the operator's token, and nobody while none is set."""

import hmac

from django.conf import settings
from django.http import HttpRequest


def is_operator(request: HttpRequest) -> bool:
    """Return whether the request carries `Authorization: Bearer <PAYYMO_OPERATOR_TOKEN>`."""
    token: str = settings.OPERATOR_TOKEN
    shown = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
