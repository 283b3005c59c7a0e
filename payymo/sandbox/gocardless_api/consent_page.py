"""The pages a user sees: GoCardless's consent page, and the bank behind it."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from flask import Response as FlaskResponse
from markupsafe import Markup
from werkzeug.wrappers import Response

from payymo.sandbox.gocardless_api import consents, institutions
from payymo.sandbox.gocardless_api.errors import Refusal
from payymo.sandbox.store import Store

PAGE = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<link rel="icon" href="data:,"><title>{title}</title>'
    "<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto}}"
    "button{{font:inherit;padding:.6rem 1.4rem;margin-right:.6rem;border-radius:.4rem;border:1px solid #345}}"
    "button.primary{{background:#163a5f;color:#fff}}</style></head><body><h1>{title}</h1>{content}</body></html>"
)
CHOICE = Markup(
    "<p>{who} asks to read balances, details and transactions of your accounts at <b>{bank}</b> for {days} days.</p>"
    "<p>This is a stand-in for the provider's consent page; no real bank is asked.</p>"
    '<form method="post"><button class="primary" type="submit" name="action" value="approve">Approve</button>'
    '<button type="submit" name="action" value="cancel">Cancel</button></form>'
)

UNDECIDED = ("CR", "GC", "UA")


def _page(title: str, content: Markup, status: int = 200) -> Response:
    return FlaskResponse(PAGE.format(title=title, content=content), status=status, mimetype="text/html")


def _back(made: dict[str, str], **extra: str) -> Response:
    joint = "&" if "?" in made["redirect"] else "?"
    return redirect(f"{made['redirect']}{joint}{urlencode({'ref': made['reference'], **extra})}", code=302)


class Pages:
    """Binds the pages to the state."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def start(self, id: str, institution: str) -> Response:
        """Show what is asked for; from now on the user is giving consent."""
        with self.store.writing() as connection:
            made = consents.requisition(connection, None, id)
            if made["institution_id"] != institution:
                return _page("This link is not valid", Markup("<p>Wrong bank.</p>"), 404)
            if made["status"] not in UNDECIDED:
                return _reused(made)
            consents.set_status(connection, id, "GC")
            agreed = consents.agreement(connection, consents.owner_of(connection, id), made["agreement"])
        bank = institutions.BY_ID[institution]
        content = CHOICE.format(who="Payymo", bank=bank["name"], days=agreed["access_valid_for_days"])
        return _page(f"Connect {bank['name']}", content)

    def decide(self, id: str, institution: str) -> Response:
        """Send the user on to his bank, or back with an error when he cancels."""
        with self.store.writing() as connection:
            made = consents.requisition(connection, None, id)
            if made["status"] not in UNDECIDED:
                return _reused(made)
            if request.form.get("action") != "approve":
                # The real status stays undecided for ever, too.
                return _back(made, error="UserCancelledSession", details="User cancelled the session.")
            consents.set_status(connection, id, "UA")
        return redirect(f"/gocardless/psd2/bank/{id}", code=303)

    def bank(self, id: str) -> Response:
        """Be the bank: let its own customers in, and nobody else."""
        with self.store.writing() as connection:
            made = consents.requisition(connection, None, id)
            slug = consents.owner_of(connection, id)
            if made["status"] != "UA":
                return _reused(made)
            if not consents.has_accounts(slug, made["institution_id"]):
                consents.set_status(connection, id, "RJ")
                return _back(made, error="UserSessionRejected", details="The bank does not know this customer.")
            consents.link(connection, slug, made)
        return _back(made)


def _reused(made: dict[str, str]) -> Response:
    return _back(made, error="RequisitionLinkReused", details="This link was already used.")


def _unknown(refused: Refusal) -> Response:
    return _page("This link is not valid", Markup("<p>It may have been used or removed.</p>"), refused.status)


def blueprint(store: Store) -> Blueprint:
    """Return the routes of the pages."""
    routes = Blueprint("gocardless_pages", __name__, url_prefix="/gocardless/psd2")
    pages = Pages(store)
    routes.register_error_handler(Refusal, _unknown)
    routes.add_url_rule("/start/<id>/<institution>", view_func=pages.start, methods=["GET"])
    routes.add_url_rule("/start/<id>/<institution>", view_func=pages.decide, methods=["POST"])
    routes.add_url_rule("/bank/<id>", view_func=pages.bank, methods=["GET"])
    return routes
