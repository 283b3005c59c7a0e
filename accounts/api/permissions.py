"""What an API view asks of its caller. The caller's permissions were read from the database for this request."""

from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.api.authentication import KeyGrant, TokenGrant
from accounts.permissions import check_codename
from accounts.services import step_up

if TYPE_CHECKING:  # rest_framework.views itself loads this module, as a default
    from rest_framework.views import APIView


class IsTenantMember(BasePermission):
    """An active member of the host's tenant, by a token or a key of that tenant; anybody else gets 401."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the grant was checked for this host."""
        return isinstance(request.auth, TokenGrant | KeyGrant)


class IsPerson(IsTenantMember):
    """A member who signed in themselves; a program with a key gets 403."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the grant is a session's."""
        return isinstance(request.auth, TokenGrant)


def check_fresh(request: Request) -> None:
    """Pass if the caller showed within the last quarter of an hour that it is them; a key never does.

    Raises: StepUpNeeded.
    """
    if not step_up.is_fresh(getattr(request.auth, "confirmed_at", None), now=timezone.now()):
        raise step_up.StepUpNeeded


def requires(codename: str, *, writing: str | None = None, asks_again: bool = False) -> type[IsTenantMember]:
    """Make a permission class: the role must hold `codename`; for other methods than reading ones `writing`, if given.

    Shape: with `asks_again` whatever writes also needs a password or second factor of the last quarter of an hour.
    Raises: UnknownPermission while the module is loaded.
    """
    reads = check_codename(codename)
    writes = check_codename(writing or codename)

    class Requires(IsTenantMember):
        reads: str
        writes: str
        asks_again: bool

        def has_permission(self, request: Request, view: "APIView") -> bool:
            needed = reads if request.method in SAFE_METHODS else writes
            allowed = super().has_permission(request, view) and needed in request.auth.permissions
            if allowed and asks_again and request.method not in SAFE_METHODS:
                check_fresh(request)
            return allowed

    Requires.__name__ = Requires.__qualname__ = f"Requires_{reads}_{writes}".replace(".", "_")
    Requires.reads, Requires.writes, Requires.asks_again = reads, writes, asks_again
    Requires.__doc__ = f"The caller's role holds {reads} (reading) or {writes} (anything else)."
    return Requires
