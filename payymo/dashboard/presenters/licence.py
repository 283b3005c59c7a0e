"""A tenant's licence in words."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payymo.dashboard import formats
from payymo.dashboard.pages.licence import LicencePage
from payymo.dashboard.pages.values import Chip, Fact, Tone
from tenants.models import Tenant
from tenants.services import licences
from tenants.services.licences import State

_FEATURES = {"automation": gettext_lazy("automatic approval"), "stripe": gettext_lazy("payment gateways")}


def page(tenant: Tenant, *, now: datetime) -> LicencePage:
    """Verify the licence and say what it covers."""
    found = licences.standing(tenant=tenant, now=now, purpose="settings")
    tone, state, text = _words(found)
    facts = [Fact(_("Your id"), str(tenant.public_id), verbatim=True)]
    if found.terms is not None:
        terms = found.terms
        facts += [
            Fact(_("Plan"), terms.plan),
            Fact(_("Ends"), day=terms.ends.date()),
            Fact(_("Bank connections"), _amount(terms.bank_connections)),
            Fact(_("Users"), _amount(terms.users)),
            Fact(_("Payments a month"), _amount(terms.transactions)),
            Fact(_("Covers"), _covered(terms.features) or _("nothing beside matching by hand")),
            Fact(_("Licence"), terms.licence_id, verbatim=True),
        ]
    return LicencePage(Chip(state, tone), text, tuple(facts))


def _words(found: licences.Standing) -> tuple[Tone, str, str]:
    goes_on = _("Payments go on coming in and can be matched by hand. Nothing new can be added.")
    match found.state:
        case State.NOT_NEEDED:
            return "neutral", _("No licence needed"), _("This installation asks for none.")
        case State.VALID:
            return "ok", _("In force"), ""
        case State.GRACE:
            until = formats.day(found.terms.grace_ends.date()) if found.terms else ""
            return "warn", _("Ended"), _("Everything goes on until %(day)s. Renew it before.") % {"day": until}
        case _:
            return "bad", _("Not in force"), f"{found.problem} {goes_on}"


def _covered(features: tuple[str, ...]) -> str:
    return ", ".join(str(_FEATURES.get(each, each)) for each in features)


def _amount(limit: int | None) -> str:
    return _("any number") if limit is None else _("at most %s") % formats.number(limit)
