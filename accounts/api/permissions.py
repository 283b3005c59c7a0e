"""What an API view asks of its caller. The caller's permissions were read from the database for this request."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.api.authentication import KeyGrant, TokenGrant
from accounts.permissions import check_codename

if TYPE_CHECKING:  # rest_framework.views itself loads this module, as a default
    from rest_framework.views import APIView


class IsTenantMember(BasePermission):
    """An active member of the host's tenant, by a token or a key of that tenant; anybody else gets 401."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the grant was checked for this host."""
        return isinstance(request.auth, TokenGrant | KeyGrant)


def requires(codename: str, *, writing: str | None = None) -> type[IsTenantMember]:
    """Make a permission class: the role must hold `codename`; for other methods than reading ones `writing`, if given.

    Raises: UnknownPermission while the module is loaded.
    """
    reads = check_codename(codename)
    writes = check_codename(writing or codename)

    class Requires(IsTenantMember):
        def has_permission(self, request: Request, view: "APIView") -> bool:
            needed = reads if request.method in SAFE_METHODS else writes
            return super().has_permission(request, view) and needed in request.auth.permissions

    Requires.__name__ = Requires.__qualname__ = f"Requires_{reads}_{writes}".replace(".", "_")
    Requires.__doc__ = f"The caller's role holds {reads} (reading) or {writes} (anything else)."
    return Requires
