"""What the shell of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from payymo.dashboard import formats

# Cookies: lines of lists close together, single keys switched off, and how figures are written.
DENSITY = "payymo_density"
KEYS = "payymo_keys"
NUMBERS = "payymo_numbers"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the theme files, the tenant and the choices kept in cookies."""
    return {
        "theme_css": settings.PAYYMO_THEME_CSS,
        "tenant": getattr(request, "tenant", None),
        "color_mode": request.COOKIES.get("payymo_theme", "system"),
        "compact": request.COOKIES.get(DENSITY) == "compact",
        "keys_off": request.COOKIES.get(KEYS) == "off",
        "number_language": str(formats.number_locale()).replace("_", "-"),
        "sidebar_folded": request.COOKIES.get("payymo_sidebar") == "folded",
    }
