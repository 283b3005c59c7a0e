"""What a text leads to: pages and actions by their name, records by what is in them. Five of each kind."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from payymo.dashboard import paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Amount
from payymo.dashboard.pages.search import Hit, HitGroup, SearchPage
from payymo.dashboard.presenters import receipts, reports, transactions
from payymo.dashboard.presenters.payers import listing as payer_listing
from payymo.dashboard.words import invoice_status
from whmcs import selectors as whmcs

_MOST = 5
_LEAST_LETTERS = 2


def _places(permissions: frozenset[str]) -> tuple[tuple[str, Hit], ...]:
    """Every page and action, each with the right it needs."""
    places = (
        ("overview.view", Hit(_("Overview"), link("overview"), "layout-dashboard", keys="G O")),
        ("review.view", Hit(_("Review"), link("review"), "list-checks", keys="G R")),
        ("review.bulk", Hit(_("Approve all exact matches"), link("review_bulk"), "check-check", keys="⇧A")),
        ("review.view", Hit(_("My payments"), f"{link('review')}?who=me", "user")),
        ("transactions.view", Hit(_("Transactions"), link("transactions"), "arrow-left-right", keys="G T")),
        ("invoices.view", Hit(_("Invoices"), link("invoices"), "file-text", keys="G I")),
        ("transactions.view", Hit(_("Stripe payouts"), link("payouts"), "wallet")),
        ("rules.view", Hit(_("Payers"), link("payers"), "users")),
        ("rules.view", Hit(_("Rules"), link("rules"), "sliders-horizontal")),
        ("rules.change", Hit(_("New rule"), link("rule_new"), "plus")),
        ("invoices.view", Hit(_("Postings that need a person"), link("postings"), "triangle-alert")),
        ("reports.view", Hit(_("Reports"), link("reports"), "file-text")),
        *(("reports.view", Hit(tile.title, tile.url, tile.icon)) for tile in reports.tiles()),
        ("reports.view", Hit(_("How sure is the engine"), link("engine"), "sparkles")),
        ("activity.view", Hit(_("Activity"), link("activity"), "history", keys="G A")),
        ("connections.view", Hit(_("Connections"), link("connections"), "plug", keys="G C")),
        ("connections.change", Hit(_("Connect a bank"), link("connect_bank"), "landmark")),
        ("imports.add", Hit(_("Imports"), link("imports"), "file-up")),
        ("imports.add", Hit(_("Upload a statement"), link("import_new"), "upload")),
        ("settings.change", Hit(_("Set up Payymo"), link("setup"), "list-checks")),
        ("settings.change", Hit(_("General settings"), link("settings_general"), "settings")),
        ("settings.change", Hit(_("Automatic approval"), link("settings_matching"), "settings")),
        ("api_keys.change", Hit(_("API keys"), link("api_keys"), "key-round")),
        ("settings.change", Hit(_("Look"), link("branding"), "settings")),
        ("settings.change", Hit(_("System health"), link("system_health"), "activity")),
        ("settings.change", Hit(_("Webhooks and Slack"), link("webhooks"), "link")),
        ("members.change", Hit(_("Members"), link("members"), "user")),
        ("overview.view", Hit(_("Account and security"), link("account"), "shield-check")),
        ("overview.view", Hit(_("Notifications"), link("notices"), "bell")),
        ("overview.view", Hit(_("How I hear of it"), link("notice_choices"), "bell")),
        ("overview.view", Hit(_("Language and display"), link("account_profile"), "languages")),
        ("overview.view", Hit(_("Help"), link("help"), "book-open")),
        ("overview.view", Hit(_("Keyboard shortcuts"), link("help_shortcuts"), "keyboard", keys="?")),
    )
    return tuple((right, hit) for right, hit in places if right in permissions and hit.url)


def found(request: HttpRequest) -> SearchPage:
    """Search for what the request asks; nothing asked shows where one can go."""
    text, permissions = paging.asked_text(request), request.permissions
    folded = text.casefold()
    places = [hit for _right, hit in _places(permissions) if folded in hit.title.casefold()]
    groups = [HitGroup(_("Pages and actions"), tuple(places[:_MOST] if text else places))]
    if len(text) >= _LEAST_LETTERS:
        if "invoices.view" in permissions:
            groups.append(_invoices(text))
        if "transactions.view" in permissions:
            groups.append(_transactions(request, text))
        if "rules.view" in permissions:
            groups.append(_payers(request))
    return SearchPage(text, tuple(group for group in groups if group.hits))


def _more(name: str, text: str) -> str:
    return paging.with_text(link(name), text)


def _invoices(text: str) -> HitGroup:
    rows = list(whmcs.invoices(text=text)[:_MOST])
    hits = tuple(
        Hit(
            title=row.display_number,
            url=link("invoice", row.public_id),
            icon="file-text",
            note=f"{row.client.display_name}, {invoice_status(row.status)}",
            amount=Amount(row.owed, row.currency),
        )
        for row in rows
    )
    return HitGroup(_("Invoices"), hits, _more("invoices", text))


def _transactions(request: HttpRequest, text: str) -> HitGroup:
    rows = transactions.first(transactions.asked_of(request), _MOST)
    hits = tuple(
        Hit(
            title=receipts.name_of(row) or _("Unknown payer"),
            url=link("transaction", row.public_id),
            icon="arrow-left-right",
            note=receipts.reference_of(row),
            amount=receipts.amount_of(row),
        )
        for row in rows
    )
    return HitGroup(_("Transactions"), hits, _more("transactions", text))


def _payers(request: HttpRequest) -> HitGroup:
    page = payer_listing(request)
    hits = tuple(Hit(row.name, row.url, "users", row.client) for row in page.rows[:_MOST])
    return HitGroup(_("Payers"), hits, _more("payers", page.filters.q))
