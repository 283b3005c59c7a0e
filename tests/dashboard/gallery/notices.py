"""Notices and webhook endpoints with invented data."""

from __future__ import annotations

from payymo.dashboard import pages
from payymo.dashboard.forms_api_keys import ApiKeyForm
from payymo.dashboard.forms_branding import LogoForm, LookForm
from payymo.dashboard.forms_webhooks import EndpointChangeForm, EndpointForm
from payymo.dashboard.pages.api_keys import ApiKeysPage, KeyRow
from payymo.dashboard.pages.branding import LookPage
from payymo.dashboard.pages.notices import KindChoice, NoticeChoicesPage, NoticeRow, NoticesPage, StopMailsPage
from payymo.dashboard.pages.system_health import Check, LastError, StateCount, SystemHealthPage
from payymo.dashboard.pages.webhooks import CallLine, DeliveryRow, EndpointRow, WebhookPage, WebhooksPage
from payymo.notices.kinds import LISTED, Way
from tests.dashboard.gallery.common import NOW, ago, eur

FILTERS = pages.Filters(
    selects=(
        pages.FilterSelect("state", "Shown", (pages.Choice("", "All", True), pages.Choice("unread", "Not read"))),
    ),
    clear_url="/notifications/",
    has_search=False,
)


def listing() -> NoticesPage:
    rows = (
        NoticeRow(
            "A payment of 49.00\u00a0EUR could not be posted to WHMCS.", "A payment could not be posted to WHMCS",
            ago(minutes=4), "triangle-alert", "bad", "/notifications/", "/notifications/",
        ),
        NoticeRow(
            "A bank consent ends in 7 days. Renew it, or newer payments will be missing.", "A bank consent ends soon",
            ago(hours=3), "calendar-clock", "warn", "/notifications/", "/notifications/",
        ),
        NoticeRow(
            "You were mentioned at a payment of 1,190.00\u00a0EUR.", "Somebody mentioned you", ago(days=2),
            "message-square", "neutral", "/notifications/",
        ),
    )  # fmt: skip
    choose = "/account/notifications/"
    return NoticesPage(rows, FILTERS, pages.Pager("/notifications/?after=n_1"), "/notifications/", choose)


def nothing() -> NoticesPage:
    return NoticesPage((), FILTERS, pages.Pager(), choose_url="/account/notifications/")


def choices() -> NoticeChoicesPage:
    ways = tuple(pages.Choice(way.value, str(way.label), way == Way.DAILY) for way in Way)
    kinds = tuple(KindChoice(kind.value, str(kind.label), ways) for kind in LISTED)
    return NoticeChoicesPage(kinds, "ana@northhost.example", "/notifications/")


def stop() -> StopMailsPage:
    return StopMailsPage("Northhost GmbH", "ana@northhost.example")


def webhooks() -> WebhooksPage:
    rows = (
        EndpointRow(
            "Bookkeeping", "/settings/webhooks/one/", "Webhook, signed", "books.northhost.example",
            pages.Chip("Active", "ok"), 3,
        ),
        EndpointRow(
            "#billing", "/settings/webhooks/one/", "Slack channel", "hooks.slack.com",
            pages.Chip("Switched off", "bad"), 1,
        ),
    )  # fmt: skip
    return WebhooksPage(rows, EndpointForm())


def webhook() -> WebhookPage:
    calls = (
        CallLine(ago(minutes=2), "503", "Refused", "212\u00a0ms"),
        CallLine(ago(minutes=3), "", "No answer in time", "10,004\u00a0ms"),
    )
    waits = DeliveryRow(
        "A payment was posted to WHMCS", "msg_00000000000040008000000000000004", pages.Chip("Waiting", "info"),
        ago(minutes=3), calls, ago(minutes=-5), "/settings/webhooks/one/",
    )  # fmt: skip
    done = DeliveryRow(
        "Test message", "msg_00000000000040008000000000000005", pages.Chip("Delivered", "ok"), ago(hours=1),
        (CallLine(ago(hours=1), "200", "Taken", "88\u00a0ms"),), None, "/settings/webhooks/one/",
    )  # fmt: skip
    url = "/settings/webhooks/one/"
    facts = (pages.Fact("Kind", text="Webhook, signed"), pages.Fact("Host", text="books.example", verbatim=True))
    form = EndpointChangeForm(initial={"name": "Bookkeeping", "kinds": ["posting.posted", "posting.stopped"]})
    return WebhookPage(
        "Bookkeeping", pages.Chip("Active", "ok"), "", facts, form, (waits, done), pages.Pager(),
        "/settings/webhooks/", "whsec_bm90IGEgcmVhbCBzZWNyZXQsIG9mIGNvdXJzZSEhISE=", url, url, url, "", url,
        change_url=url,
    )  # fmt: skip


def health() -> SystemHealthPage:
    runs, late = pages.Chip("Runs", "ok"), pages.Chip("Late", "warn")
    checks = (
        Check("Workers", runs, "Last seen 12 s ago."),
        Check("Schedule", pages.Chip("Silent", "bad"), "Last seen 5 min ago.", "Tell whoever runs this installation."),
        Check("Payments to post", late, "3 wait, the oldest since 9 min ago.", "Look at it.", "/postings/"),
        Check("E-mails", runs, "Nothing waits."),
    )
    feeds = (
        pages.Feed("Main account", "bank", pages.Chip("Up to date", "ok"), ago(minutes=9), url="/connections/"),
        pages.Feed("Billing", "whmcs", pages.Chip("Needs attention", "bad"), None),
    )
    states = (StateCount(pages.Chip("Waiting", "info"), 3), StateCount(pages.Chip("Refused by WHMCS", "bad"), 1))
    errors = (
        LastError("Invoice INV-1042", "The invoice is cancelled in WHMCS.", "Try again or give it up.", "/postings/",
                  eur("49.00")),
        LastError("Billing", "WHMCS refuses the address of this server.", "Repair the connection.", "/connections/"),
    )  # fmt: skip
    verdict = pages.Chip("Something needs you", "bad")
    return SystemHealthPage(verdict, pages.Moment(NOW, "just now"), checks, feeds, states, errors)


def api_keys() -> ApiKeysPage:
    scopes = ("See bank transactions, Stripe payments and payouts", "See invoices and clients")
    rows = (
        KeyRow("Nightly export", "x7Qe", "Ana Petrova", pages.Chip("Works", "ok"), ago(days=-80), scopes,
               ago(minutes=3), "/settings/api/"),
        KeyRow("Old script", "9fLm", "Tom Berger", pages.Chip("Revoked", "neutral"), ago(days=4), scopes[:1]),
    )  # fmt: skip
    form = ApiKeyForm(choices=[(text, text) for text in scopes])
    return ApiKeysPage(rows, form, "/settings/api/", "pmk_not-a-real-key-but-as-long-as-one-would-be-0000")


def look() -> LookPage:
    return LookPage(LookForm(initial={"name": "Northhost GmbH", "colour": "#0b6b37"}), LogoForm(), "/settings/", None)
