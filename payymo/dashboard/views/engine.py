"""How sure the engine is, which version judges, and how right it was."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from matching.models import AutomationStop, EngineModel
from matching.services import drift, engine_models, evaluation_report
from payymo.dashboard.links import link
from payymo.dashboard.presenters import engine as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError


@require_GET
@requires_permission("reports.view")
def engine(request: HttpRequest) -> HttpResponse:
    """Show the version in use, its report, and the versions before."""
    page = present.page(now=timezone.now(), may_change="settings.change" in request.permissions)
    return render(request, "dashboard/engine.html", {"shell": shell_of(request, "engine"), "page": page})


@require_GET
@requires_permission("reports.view")
def engine_report(request: HttpRequest, number: int) -> HttpResponse:
    """Download the report of a version as one page."""
    row = get_object_or_404(EngineModel, number=number)
    if not row.evaluation:
        raise Http404
    answer = HttpResponse(evaluation_report.page(evaluation_report.report_of(row)))
    answer["Content-Disposition"] = f'attachment; filename="engine-{row.number}.html"'
    return answer


@require_POST
@requires_permission("settings.change")
def engine_use(request: HttpRequest, number: int) -> HttpResponse:
    """Let a version judge from now on."""
    try:
        row = engine_models.use(number=number, by=request.user, now=timezone.now())
    except EngineModel.DoesNotExist as error:
        raise Http404 from error
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Version %s judges from now on.") % row.version)
    return HttpResponseRedirect(link("engine"), status=303)


@require_POST
@requires_permission("settings.change")
def engine_shipped(request: HttpRequest) -> HttpResponse:
    """Go back to the shipped weights."""
    engine_models.use_shipped(by=request.user, now=timezone.now())
    messages.success(request, _("The shipped weights judge from now on."))
    return HttpResponseRedirect(link("engine"), status=303)


@require_POST
@requires_permission("settings.change")
def engine_release(request: HttpRequest) -> HttpResponse:
    """Let training replace the version that a person chose."""
    engine_models.let_learn(now=timezone.now())
    messages.success(request, _("The next training may replace this version."))
    return HttpResponseRedirect(link("engine"), status=303)


@require_POST
@requires_permission("settings.change", asks_again=True)
def automation_resume(request: HttpRequest, stop_id: uuid.UUID) -> HttpResponse:
    """Let automatic approval work again."""
    try:
        drift.resume(stop_id=stop_id, by=request.user, now=timezone.now())
    except AutomationStop.DoesNotExist as error:
        raise Http404 from error
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Automatic approval works again."))
    return HttpResponseRedirect(link("engine"), status=303)
