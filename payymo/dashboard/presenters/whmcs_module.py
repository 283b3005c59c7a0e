"""An installation's addon module in words."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import ApiKey
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages.values import Chip, Fact
from payymo.dashboard.pages.whmcs_module import WhmcsModulePage
from whmcs.models import AddonModule, WhmcsInstance
from whmcs.services.module_posting import booking_module
from whmcs.services.pairing import version_of

# WHMCS's cron job runs every five minutes, and the module speaks with each run.
_LATE_AFTER = timedelta(hours=1)


def page(
    request: HttpRequest, instance: WhmcsInstance, *, now: datetime, setup_code: str = "", error: str = ""
) -> WhmcsModulePage:
    """Say how the module and its key are; one query for each, one for its last event, one for whether it books."""
    module = AddonModule.objects.filter(instance=instance).first()
    key = ApiKey.objects.filter(public_id=module.api_key_id).first() if module else None
    may_pair = "api_keys.change" in request.permissions
    return WhmcsModulePage(
        name=instance.name,
        chip=chip(module, key, now),
        facts=_facts(instance, module, key, now) if module else (),
        steps=(
            _("Unpack the module's archive into the folder of WHMCS; it adds modules/addons/payymo/."),
            _("In WHMCS under System Settings, Addon Modules activate Payymo and choose who may see it."),
            _("Make a setup code here and paste it in WHMCS under Addons, Payymo."),
            _("The code is shown once. A new one ends the module's key before; events on their way still arrive."),
        ),
        pair_url=link("whmcs_module_pair", instance.public_id) if may_pair else "",
        remove_url=link("whmcs_module_remove", instance.public_id) if may_pair and module else "",
        setup_code=setup_code,
        error=error,
        version=version_of(module),
    )


def chip(module: AddonModule | None, key: ApiKey | None, now: datetime) -> Chip:
    """Say in two words how a module is; `key` is the one made when it was paired."""
    if module is None:
        return Chip(_("Not paired"), "neutral")
    if key is None or key.revoked_at is not None or key.expires_at <= now:
        return Chip(_("Key ended"), "bad")
    if module.last_seen_at is None:
        return Chip(_("Waiting for WHMCS"), "info")
    return Chip(_("Silent"), "warn") if now - module.last_seen_at > _LATE_AFTER else Chip(_("Connected"), "ok")


def _facts(instance: WhmcsInstance, module: AddonModule, key: ApiKey | None, now: datetime) -> tuple[Fact, ...]:
    last = instance.module_events.order_by("-pk").first()
    books = _("through the module") if booking_module(instance, now=now) else _("over the API of WHMCS")
    seen, told = module.last_seen_at, last.received_at if last else None
    facts = [
        Fact(_("Paired"), moment=formats.moment(module.paired_at, now)),
        Fact(_("Key ends"), day=key.expires_at.date() if key else None),
        Fact(_("Last heard"), moment=formats.moment(seen, now) if seen else None),
        Fact(_("Last event"), moment=formats.moment(told, now) if told else None),
        Fact(_("Events waiting in WHMCS"), text=formats.number(module.queued_events)),
        Fact(_("Payments are booked"), text=books),
        Fact(_("Version"), text=module.version),
        Fact("PHP", text=module.php_version),
    ]
    if module.bookings_refused_at:
        facts.insert(6, Fact(_("Last refused a booking"), moment=formats.moment(module.bookings_refused_at, now)))
    return tuple(facts)
