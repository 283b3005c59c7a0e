"""How often one caller may ask within a minute, counted by one increment: parallel calls do not slip by."""

import logging
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    # Django REST framework reads its settings, and this, while that module is loaded.
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
_MINUTE = 60


class CallerThrottle(BaseThrottle):
    """So many calls a minute for each member and each API key of a tenant; guessing is counted elsewhere.

    Without the cache nobody is refused: the limit protects the service, and what must hold is kept by the database.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the call and return whether it may go on."""
        if request.auth is None:
            return True
        self._now = time.time()
        # The cache's keys carry the tenant themselves.
        name = f"calls:{type(request.auth).__name__}:{request.user.pk}:{int(self._now // _MINUTE)}"
        try:
            cache.add(name, 0, 2 * _MINUTE)
            return int(cache.incr(name)) <= settings.API_CALLS_A_MINUTE
        except (RedisError, ValueError):
            logger.warning("calls are not counted", extra={"event": "cache_unreachable"})
            return True

    def wait(self) -> float:
        """Return the seconds until the next minute begins. Units: seconds."""
        return _MINUTE - self._now % _MINUTE + 1
