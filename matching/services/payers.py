"""What people do with what was learned of a payer: give it a name, keep it out of automation, forget it."""

import uuid

from django.db import transaction
from django.utils.translation import gettext

from matching.models import PayerProfile
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput


class UnusableName(BadInput):
    """The name is too long."""

    code = "unusable_name"


class UnknownPayer(LookupError):
    """Nothing is known under this id."""


def _locked(payer_id: uuid.UUID | str) -> PayerProfile:
    found = PayerProfile.objects.select_for_update().filter(public_id=payer_id).first()
    if found is None:
        raise UnknownPayer(str(payer_id))
    return found


@transaction.atomic
def rename_payer(*, payer_id: uuid.UUID | str, name: str) -> PayerProfile:
    """Call a payer by a name of one's own; an empty one takes it away again.

    Raises: UnknownPayer; UnusableName: nothing is written.
    """
    payer, called = _locked(payer_id), " ".join(name.split())
    if len(called) > 80:
        raise UnusableName(gettext("A name has at most 80 characters."))
    payer.label = called
    payer.save(update_fields=["label"])
    audit.record(action="payer.renamed", about=payer)
    return payer


@transaction.atomic
def block_payer(*, payer_id: uuid.UUID | str, is_blocked: bool) -> PayerProfile:
    """Stop using what is known of a payer as evidence, or use it again; it stays known either way.

    Raises: UnknownPayer.
    """
    payer = _locked(payer_id)
    payer.is_blocked = is_blocked
    payer.save(update_fields=["is_blocked"])
    audit.record(action="payer.blocked" if is_blocked else "payer.allowed", about=payer)
    return payer


@transaction.atomic
def forget_payer(*, payer_id: uuid.UUID | str) -> None:
    """Forget that this payer paid for this client; the next decision teaches it anew.

    Raises: UnknownPayer.
    """
    payer = _locked(payer_id)
    audit.record(action="payer.forgotten", about=payer)
    payer.delete()
