"""The gallery: every page with invented data at its real address, for rendering tests and screenshots.

The decisions answer as the product does, in the shapes of `payymo.dashboard.pages.review`, but decide nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import include, path, re_path

from payymo.dashboard import pages
from tests.dashboard import gallery
from tests.dashboard.gallery import account, gates, notices, parts, payers, reports, rules, setup, trust

Page = Callable[[], Any]


def show(template: str, page: Page, section: pages.Section = "", *, shell: bool = True) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, **_: Any) -> HttpResponse:
        context = {"page": page()}
        if shell:
            context["shell"] = gallery.shell(section)
        return render(request, template, context)

    return view


def every_part(*, compact: bool = False) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        shown = {
            "page": parts.page(compact=compact),
            "shell": gallery.shell(),
            "messages": parts.said(),
            "compact": compact,
        }
        return render(request, "gallery/ui.html", shown)

    return view


def number_of(receipt: str) -> int:
    return int(str(receipt).rsplit("-", 1)[1])


def review_item(request: HttpRequest, receipt: str) -> HttpResponse:
    number = number_of(receipt)
    page = gallery.review(queue=gallery.queue(number), panel=gallery.panel(number), item=True)
    return render(request, "dashboard/review/page.html", {"page": page, "shell": gallery.shell("review")})


def hints(request: HttpRequest) -> HttpResponse:
    context = {"page": gallery.review(item=True), "shell": gallery.shell("review"), "hints": pages.Hints(3, 10)}
    return render(request, "dashboard/review/page.html", context)


def panel(request: HttpRequest, receipt: str) -> HttpResponse:
    if not gates.answers("panel", receipt):
        return HttpResponse(status=503)
    return render(request, "dashboard/review/panel.html", {"page": gallery.panel(number_of(receipt))})


def decide(request: HttpRequest, receipt: str, act: str) -> HttpResponse:
    if "HX-Request" not in request.headers:
        return HttpResponseRedirect("/review/")
    if not gates.answers(act, receipt):
        return HttpResponse("Please sign in again.", status=401, content_type="text/plain")
    number = number_of(receipt)
    if request.POST.get("version") != "v1" or request.COOKIES.get("gallery") == "conflict":
        page = pages.Conflict(receipt, "Tom approved this 12 s ago.", gallery.PROGRESS, True, gallery.panel(number + 1))
        return render(request, "dashboard/review/conflict.html", {"page": page}, status=409)
    if act == "reject":
        left = gallery.panel(number, candidates=(gallery.single(number, 1, "possible", 0.01),))
        rejected = pages.Decided((), gallery.PROGRESS, "Rejected.", gallery.UNDO, left)
        return render(request, "dashboard/review/decided.html", {"page": rejected})
    decided = pages.Decided((receipt,), gallery.PROGRESS, f"{act}. Next.", gallery.UNDO, gallery.panel(number + 1))
    return render(request, "dashboard/review/decided.html", {"page": decided})


def noted(request: HttpRequest, receipt: str) -> HttpResponse:
    gates.answers("noted", receipt)
    shown = gallery.panel(number_of(receipt), assignee="Tom Berger")
    page = pages.Noted(shown, "Assigned to Tom Berger.", "Tom Berger")
    return render(request, "dashboard/review/noted.html", {"page": page})


def undo(request: HttpRequest, decision: str) -> HttpResponse:
    undone = pages.Undone(gallery.queue_row(0), gallery.panel(0), gallery.PROGRESS, "Undone.")
    return render(request, "dashboard/review/undone.html", {"page": undone})


def edit(state: Callable[[], pages.Panel]) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, receipt: str) -> HttpResponse:
        if request.method == "POST" and request.POST.get("do", "save") == "save":
            return decide(request, receipt, "matched")
        shown = state()
        if shown.find is not None:
            shown = replace(shown, find=replace(shown.find, q=request.GET.get("q", shown.find.q)))
        if "HX-Request" in request.headers:
            return render(request, "dashboard/review/panel.html", {"page": shown})
        page = gallery.review(panel=shown, item=True)
        return render(request, "dashboard/review/page.html", {"page": page, "shell": gallery.shell("review")})

    return view


def staff_review(request: HttpRequest) -> HttpResponse:
    strip = pages.StaffStrip("Northhost GmbH", "/admin/t/northhost/review/", "/admin/t/northhost/leave/", "at 18:00")
    person = SimpleNamespace(is_active=True, is_staff=True, get_username="staff@payymo.example", is_anonymous=False)
    context = {
        "page": gallery.review(),
        "staff_strip": strip,
        "title": "Review",
        "has_permission": True,
        "user": person,
    }
    return render(request, "admin/review.html", context)


def in_review(state: Callable[[], pages.Panel]) -> Callable[..., HttpResponse]:
    view = edit(state)
    return lambda request, receipt: view(request, str(receipt))


def error(status: int) -> Callable[[HttpRequest], HttpResponse]:
    return lambda request: render(request, f"{status}.html", status=status)


receipts = [
    path("queue/", show("dashboard/review/queue.html", gallery.queue, shell=False), name="review_queue"),
    path("status/", lambda request: HttpResponse(status=204), name="review_status"),
    path("undo/<str:decision>/", undo, name="review_undo"),
    path("hints/", hints, name="hints_end"),
    path("views/", lambda request: HttpResponse(status=204), name="review_views"),
    path("bulk/", show("dashboard/review/bulk.html", gallery.bulk, "review"), name="review_bulk"),
    path("bulk/done/", show("dashboard/review/batch.html", gallery.batch, "review"), name="review_batch"),
    path(
        "bulk/none/", show("dashboard/review/bulk.html", partial(gallery.bulk, rows=(), held=(), samples=()), "review")
    ),
    path("<uuid:receipt>/", lambda request, receipt: review_item(request, str(receipt)), name="review_item"),
    path("<uuid:receipt>/panel/", lambda request, receipt: panel(request, str(receipt)), name="review_panel"),
    path(
        "<uuid:receipt>/find/",
        in_review(gallery.find_panel),
        name="review_find",
    ),
    path(
        "<uuid:receipt>/split/",
        in_review(gallery.split_panel),
        name="review_split",
    ),
    re_path(r"^(?P<receipt>[0-9a-f-]{36})/(?:assign|comment)/$", lambda request, receipt: noted(request, receipt)),
    re_path(r"^(?P<receipt>[0-9a-f-]{36})/(?P<act>approve|reject|hold|ignore)/$", decide),
]


def upload() -> pages.UploadPage:
    return pages.UploadPage(gallery.UploadForm(), "/imports/")


def page(name: str, data: Page, section: pages.Section) -> Callable[..., HttpResponse]:
    return show(f"dashboard/{name}.html", data, section)


dashboard = [
    path("ui/", every_part()),
    path("ui/compact/", every_part(compact=True)),
    path("", page("overview", gallery.overview, "overview"), name="overview"),
    path("review/", page("review/page", gallery.review, "review"), name="review"),
    path("review/", include(receipts)),
    path("transactions/", page("transactions", gallery.transactions, "transactions"), name="transactions"),
    path("transactions/<uuid:receipt>/", page("transaction", gallery.transaction, "transactions"), name="transaction"),
    path("invoices/", page("invoices", gallery.invoices, "invoices"), name="invoices"),
    path("invoices/<uuid:invoice>/", page("invoice", gallery.invoice, "invoices"), name="invoice"),
    path("payouts/", page("payouts", gallery.payouts, "payouts"), name="payouts"),
    path("payouts/<uuid:payout>/", page("payout", gallery.payout, "payouts"), name="payout"),
    path("returns/", page("returns", gallery.returns, "transactions"), name="returns"),
    path("reports/three-way/", page("three_way", gallery.three_way, "three_way"), name="three_way"),
    path("reports/engine/", page("engine", gallery.engine, "engine"), name="engine"),
    path("reports/", page("reports/list", reports.listing, "reports"), name="reports"),
    path("reports/ageing/", page("reports/report", reports.ageing, "reports")),
    path("reports/cash/", page("reports/report", reports.cash, "reports")),
    path("reports/empty/", page("reports/report", reports.empty, "reports")),
    path("reports/<slug:name>/", page("reports/report", reports.cash, "reports"), name="report"),
    path("postings/", page("postings", gallery.postings, "postings"), name="postings"),
    path("activity/", page("activity", gallery.activity, "activity"), name="activity"),
    path("connections/", page("connections/list", gallery.connections, "connections"), name="connections"),
    path("connections/one/", page("connections/detail", setup.connection, "connections")),
    path("connections/whmcs/new/", page("connections/form", gallery.connect_form, "connections")),
    path("connections/whmcs/one/module/", page("connections/module", setup.module, "connections")),
    path("connections/bank/new/", page("connections/bank", gallery.bank, "connections")),
    path("connections/bank/consent/", page("connections/bank", partial(gallery.bank, "consent"), "connections")),
    path("setup/", page("setup", payers.setup, "settings"), name="setup"),
    path("setup/hide/", lambda request: HttpResponseRedirect("/"), name="setup_hide"),
    path("help/guide/<slug:name>/", page("help/index", payers.help_index, ""), name="help_guide"),
    path("payers/", page("payers/list", payers.payers, "payers"), name="payers"),
    path("payers/one/", page("payers/detail", payers.payer, "payers"), name="payer"),
    path("search/", page("search", payers.search, ""), name="search"),
    path("account/profile/", page("profile", payers.display, ""), name="account_profile"),
    path("settings/general/", page("settings/general", payers.general, "settings"), name="settings_general"),
    path("notifications/", page("notices/list", notices.listing, ""), name="notices"),
    path("notifications/none/", page("notices/list", notices.nothing, "")),
    path("account/notifications/", page("notices/choices", notices.choices, ""), name="notice_choices"),
    path("notifications/stop/", show("dashboard/notices/stop.html", notices.stop, shell=False)),
    path("settings/webhooks/", page("settings/webhooks", notices.webhooks, "settings"), name="webhooks"),
    path("settings/api/", page("settings/api", notices.api_keys, "settings"), name="api_keys"),
    path("settings/branding/", page("settings/branding", notices.look, "settings"), name="branding"),
    path("settings/health/", page("settings/health", notices.health, "settings"), name="system_health"),
    path("settings/webhooks/one/", page("settings/webhook", notices.webhook, "settings"), name="webhook"),
    path("help/", page("help/index", payers.help_index, ""), name="help"),
    path("help/shortcuts/", page("help/shortcuts", payers.help_index, ""), name="help_shortcuts"),
    path("rules/", page("rules/list", rules.listing, "rules"), name="rules"),
    path("rules/new/", page("rules/form", rules.form, "rules"), name="rule_new"),
    path("rules/one/", page("rules/detail", rules.detail, "rules"), name="rule"),
    path("rules/empty/", page("rules/list", rules.empty, "rules")),
    path("imports/", page("imports/list", gallery.imports, "imports"), name="imports"),
    path("imports/new/", page("imports/upload", upload, "imports")),
    path("imports/map/", page("imports/detail", partial(gallery.import_page, "map"), "imports")),
    path("imports/preview/", page("imports/detail", partial(gallery.import_page, "preview"), "imports")),
    path(
        "settings/matching/", page("settings/matching", gallery.matching_settings, "settings"), name="settings_matching"
    ),
    path("members/roles/", page("roles/list", trust.roles, "members"), name="roles"),
    path("members/roles/new/", page("roles/form", trust.role, "members"), name="role_new"),
    path("settings/retention/", page("settings/retention", trust.retention, "settings"), name="settings_retention"),
    path("settings/export/", page("settings/export", trust.exports, "settings"), name="settings_export"),
    path("persons/", page("persons", trust.person, "persons"), name="persons"),
    path("persons/nobody/", page("persons", trust.nobody, "persons")),
    path("settings/licence/", lambda request: HttpResponse(status=204), name="settings_licence"),
    path("members/", page("members", account.members, "members"), name="members"),
    path("members/invitations/", lambda request: HttpResponse(status=204), name="invite"),
    path("account/security/", page("account", account.account, ""), name="account"),
    path("account/passkeys/new/", page("passkey", account.new_passkey, ""), name="passkey_new"),
    path("account/first/", page("account", account.nothing_set_up, "")),
    path("account/waiting/", page("account", account.app_waits, "")),
    path("account/codes/", page("account", account.codes_made, "")),
    path("account/password/", lambda request: HttpResponse(status=204), name="password_change"),
    path("account/sessions/end-all/", lambda request: HttpResponse(status=204), name="sessions_end"),
    path("account/theme/", lambda request: HttpResponse(status=204), name="theme"),
]  # fmt: skip
accounts = [
    path("login/", show("accounts/login.html", gallery.sign_in, shell=False), name="login"),
    path("logout/", lambda request: HttpResponseRedirect("/login/"), name="logout"),
    path("2fa/", show("accounts/second_factor.html", account.second_factor, shell=False), name="second_factor"),
    path("password/forgotten/", show("accounts/forgotten.html", account.forgotten, shell=False), name="forgotten"),
    path("password/sent/", show("accounts/forgotten.html", account.link_sent, shell=False)),
    path("password/reset/", show("accounts/reset.html", account.reset, shell=False), name="reset"),
    path("invite/", show("accounts/invite.html", account.invited, shell=False), name="invite"),
    path("invite/known/", show("accounts/invite.html", account.invited_and_known, shell=False)),
    path("invite/over/", show("accounts/link_over.html", account.over, shell=False)),
    path("staff/passkeys/", show("accounts/staff_passkeys.html", account.staff_passkeys, shell=False)),
    path("confirm/", show("accounts/confirm.html", account.confirm, shell=False)),
]
admin = [
    path("", staff_review, name="index"),
    path("logout/", lambda request: HttpResponse(status=204), name="logout"),
    path("password_change/", lambda request: HttpResponse(status=204), name="password_change"),
    path("passkeys/<uuid:public_id>/", lambda request, public_id: HttpResponse(status=204), name="passkey_remove"),
]
urlpatterns = [
    path("", include((dashboard, "dashboard"))),
    path("", include((accounts, "accounts"))),
    path("admin/", include((admin, "admin"))),
    *(path(f"error/{status}/", error(status)) for status in (400, 403, 404, 409, 413, 429, 500, 503)),
]
