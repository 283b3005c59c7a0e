"""What the shell of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

# Cookies: lines of lists close together, and single keys switched off.
DENSITY = "payymo_density"
KEYS = "payymo_keys"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the theme files, the tenant and the choices kept in cookies."""
    return {
        "theme_css": settings.PAYYMO_THEME_CSS,
        "tenant": getattr(request, "tenant", None),
        "color_mode": request.COOKIES.get("payymo_theme", "system"),
        "compact": request.COOKIES.get(DENSITY) == "compact",
        "keys_off": request.COOKIES.get(KEYS) == "off",
        "sidebar_folded": request.COOKIES.get("payymo_sidebar") == "folded",
    }
