"""The tenant's own rules: looked at by reviewers, changed by administrators."""

import uuid
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from matching import rule_selectors
from matching.models import Decision
from matching.rule_models import MatchingRule
from matching.services import rule_offers, rule_replay, rules
from payymo.dashboard.forms_rules import RuleForm, initial_of
from payymo.dashboard.links import link
from payymo.dashboard.pages.rules import RuleFormPage, RuleTest
from payymo.dashboard.presenters import rules as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError
from whmcs.models import Client


def _may_change(request: HttpRequest) -> bool:
    return "rules.change" in request.permissions


def _rule_or_404(rule_id: uuid.UUID) -> MatchingRule:
    found = rule_selectors.rules_in_order().filter(public_id=rule_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@requires_permission("rules.view")
def listing(request: HttpRequest) -> HttpResponse:
    """List the rules in order, and what decisions ask for."""
    now, may_change = timezone.now(), _may_change(request)
    offers = present.offers(rule_offers.suggest_rules(now=now), may_change=may_change)
    page = present.listing(request, offers=offers, may_change=may_change, now=now)
    return render(request, "dashboard/rules/list.html", {"shell": shell_of(request, "rules"), "page": page})


def _decision(request: HttpRequest) -> Decision | None:
    try:
        wanted = uuid.UUID(request.POST.get("from") or request.GET.get("from", ""))
    except ValueError:
        return None
    found = Decision.objects.select_related("bank_transaction", "stripe_payment").filter(public_id=wanted).first()
    if found is None:
        raise Http404
    return found


def _tried(rule: MatchingRule) -> RuleTest:
    now = timezone.now()
    return present.test_of(rule_replay.replay(rules=[rule], since=rule_replay.since_day(now=now), now=now))


@require_http_methods(["GET", "POST"])
@requires_permission("rules.change")
def new(request: HttpRequest) -> HttpResponse:
    """Make a rule, tried first if asked; prefilled from the decision in `from`."""
    decision, test = _decision(request), None
    form = RuleForm(request.POST or None, initial=_prefilled(decision) if decision else {})
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("do") == "test":
                test = _tried(rules.drafted(form.draft()))
            else:
                made = rules.create_rule(draft=form.draft(), by=request.user, now=timezone.now(), made_from=decision)
                messages.success(request, _("Saved. Open payments are looked at again."))
                return HttpResponseRedirect(link("rule", made.public_id))
        except DomainError as error:
            form.add_error(None, str(error))
    source = str(decision.public_id) if decision else ""
    page = RuleFormPage(form=form, cancel_url=link("rules"), test=test, source=source)
    context = {"shell": shell_of(request, "rules"), "page": page}
    return render(request, "dashboard/rules/form.html", context, status=422 if form.errors else 200)


def _prefilled(decision: Decision) -> dict[str, object]:
    draft = rule_offers.draft_of(decision)
    return initial_of(draft, Client.objects.filter(pk=draft.client_id).first())


@require_http_methods(["GET", "POST"])
@requires_permission("rules.view")
def detail(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Show one rule and what it would have done; POST changes it."""
    rule, may_change = _rule_or_404(rule_id), _may_change(request)
    if request.method == "POST":
        return _change(request, rule)
    page = present.detail(rule, may_change=may_change, now=timezone.now())
    form = RuleForm(initial=initial_of(rule, rule.client)) if may_change else None
    page = replace(page, form=form, test=_tried(rule) if "test" in request.GET else None)
    return render(request, "dashboard/rules/detail.html", {"shell": shell_of(request, "rules"), "page": page})


@requires_permission("rules.change")
def _change(request: HttpRequest, rule: MatchingRule) -> HttpResponse:
    form = RuleForm(request.POST)
    if form.is_valid():
        try:
            rules.change_rule(rule_id=rule.public_id, draft=form.draft(), by=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved. Open payments are looked at again."))
            return HttpResponseRedirect(link("rule", rule.public_id))
    page = replace(present.detail(rule, may_change=True, now=timezone.now()), form=form)
    context = {"shell": shell_of(request, "rules"), "page": page}
    return render(request, "dashboard/rules/detail.html", context, status=422)


@require_POST
@requires_permission("rules.change")
def pause(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Pause a rule, or follow it again."""
    rule = _rule_or_404(rule_id)
    is_paused = request.POST.get("do") != "resume"
    rules.pause_rule(rule_id=rule.public_id, is_paused=is_paused, by=request.user, now=timezone.now())
    messages.success(request, _("Paused.") if is_paused else _("Active again."))
    return HttpResponseRedirect(link("rules"))


@require_POST
@requires_permission("rules.change")
def move(request: HttpRequest, rule_id: uuid.UUID, to: str) -> HttpResponse:
    """Let a rule change places with the one before or after it."""
    rule = _rule_or_404(rule_id)
    if to not in ("up", "down"):
        raise Http404
    rules.move_rule(rule_id=rule.public_id, up=to == "up", by=request.user, now=timezone.now())
    return HttpResponseRedirect(link("rules"))


@require_POST
@requires_permission("rules.change")
def remove(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Take a rule away for good."""
    rule = _rule_or_404(rule_id)
    rules.remove_rule(rule_id=rule.public_id, by=request.user, now=timezone.now())
    messages.success(request, _("Removed. What it did stays explained."))
    return HttpResponseRedirect(link("rules"))


@require_POST
@requires_permission("rules.change")
def dismiss_offer(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Never again offer the rule that a decision asks for."""
    decision = Decision.objects.filter(public_id=decision_id).first()
    if decision is None:
        raise Http404
    if rule_offers.dismiss(decision=decision, by=request.user, now=timezone.now()):
        messages.success(request, _("It is not offered again."))
    return HttpResponseRedirect(link("rules"), status=303)
