"""What a decision teaches about a payer, and how an undo forgets it."""

from datetime import date

from django.db.models import F

from matching import adapters
from matching.core.memory import payer_name_key, repeated_text_key
from matching.locks import Receipt
from matching.models import PayerProfile


def _keys(receipt: Receipt) -> list[tuple[str, str]]:
    """Return the names under which the core remembers this payer."""
    value = adapters.to_receipt(receipt)
    keys = (
        (PayerProfile.Kind.ACCOUNT, value.counterparty_account),
        (PayerProfile.Kind.NAME, payer_name_key(value)),
        (PayerProfile.Kind.TEXT, repeated_text_key(value)),
    )
    return [(kind, key[:200]) for kind, key in keys if key]


def learn(receipt: Receipt, client_ids: set[int], *, on: date) -> None:
    """Remember that this payer paid for these clients."""
    for client_id in sorted(client_ids):
        for kind, key in _keys(receipt):
            profile, _ = PayerProfile.objects.get_or_create(
                kind=kind, key=key, client_id=client_id, defaults={"last_seen_date": on}
            )
            PayerProfile.objects.filter(pk=profile.pk).update(hits=F("hits") + 1, last_seen_date=on)


def unlearn(receipt: Receipt, client_ids: set[int]) -> None:
    """Take back one `learn`."""
    for kind, key in _keys(receipt):
        PayerProfile.objects.filter(kind=kind, key=key, client_id__in=client_ids, hits__gt=0).update(hits=F("hits") - 1)


def learn_rejection(receipt: Receipt, client_ids: set[int], *, on: date, by: int = 1) -> None:
    """Remember (or with `by=-1` forget) that this payer did not pay for these clients."""
    for client_id in sorted(client_ids):
        for kind, key in _keys(receipt):
            profile, _ = PayerProfile.objects.get_or_create(
                kind=kind, key=key, client_id=client_id, defaults={"last_seen_date": on}
            )
            if profile.rejections + by >= 0:
                PayerProfile.objects.filter(pk=profile.pk).update(rejections=F("rejections") + by)
