"""Who may use the part of the API that serves the addon module: the key of a paired module, for its installation."""

from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.authentication import KeyGrant
from accounts.api.permissions import requires
from accounts.permissions import permissions_of_member
from payymo.shared.api.parsing import StrictJSONParser
from whmcs.models import AddonModule, WhmcsInstance


class ActsAsModule(requires("addon_module.act")):  # type: ignore[misc]
    """Sets the view's `module`; a person with the same right, and the key of a pairing that ended, get 403."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Find the module whose key calls."""
        if not super().has_permission(request, view) or not isinstance(request.auth, KeyGrant):
            return False
        found = AddonModule.objects.select_related("instance").filter(api_key_id=request.auth.key.public_id)
        module = found.exclude(instance__state=WhmcsInstance.State.REMOVED).first()
        view.module = module  # type: ignore[attr-defined]
        return module is not None


class DecidesAsModule(ActsAsModule):
    """As above, and the member who paired the module may still decide about payments."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask for both."""
        return super().has_permission(request, view) and "review.decide" in permissions_of_member(
            request.auth.membership
        )


class ModuleView(APIView):
    """A view for the addon module. `module.instance` is the only installation that it may speak of."""

    permission_classes = [ActsAsModule]
    parser_classes = [StrictJSONParser]
    module: AddonModule
