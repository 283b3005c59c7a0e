"""What may be approved without a person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.guards import requires_permission
from matching.services import policy
from payymo.dashboard.forms import MatchingPolicyForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import MatchingSettingsPage
from payymo.dashboard.presenters import policy as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError


@require_http_methods(["GET", "POST"])
@requires_permission("settings.change", asks_again=True)
def matching(request: HttpRequest) -> HttpResponse:
    """Show and change the auto-approval policy."""
    current = policy.current_policy()
    form = MatchingPolicyForm(request.POST or None, initial=present.initial(current))
    if request.method == "POST" and form.is_valid():
        try:
            policy.change_policy(**form.values(), changed_by=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(link("settings_matching"), status=303)
    idle = current.is_on and not current.include_stripe and not current.bank_accounts.exists()
    page = MatchingSettingsPage(form=form, on=current.is_on, idle=idle, forecast=present.forecast(timezone.now()))
    return render(
        request, "dashboard/settings/matching.html", {"shell": shell_of(request, "settings"), "page": page},
        status=422 if form.errors else 200,
    )  # fmt: skip
