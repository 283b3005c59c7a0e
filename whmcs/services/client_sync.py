"""Mirroring WHMCS's clients."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from payymo.shared.errors import Refused
from whmcs.clients import refusals
from whmcs.clients.base import RemoteClient, RemoteInvoiceSummary, WhmcsApi
from whmcs.models import Client, Invoice, WhmcsInstance

# What the list does not tell is left as it is.
_LISTED = ("first_name", "last_name", "company_name", "email", "status")
UNKNOWN_STATUS = "Unknown"


def write_clients(instance: WhmcsInstance, remote: Iterable[RemoteClient], *, read_at: datetime) -> tuple[int, int]:
    """Store clients by WHMCS's id and return how many are new and how many changed.

    Shape: the invoices of a client whose names or e-mail changed wait for the matching engine again.
    """
    rows = {row.whmcs_id: row for row in remote}
    with transaction.atomic():
        held = {
            client.whmcs_id: client
            for client in Client.objects.select_for_update().filter(instance=instance, whmcs_id__in=rows).order_by("pk")
        }
        changed = [client for whmcs_id, client in held.items() if _update(client, rows[whmcs_id], read_at)]
        Client.objects.bulk_update(changed, [*_LISTED, "country", "synced_at"], batch_size=500)
        # Another run may have stored the same client a moment ago.
        new = Client.objects.bulk_create(
            [
                Client(instance=instance, synced_at=read_at, **asdict(row))
                for whmcs_id, row in rows.items()
                if whmcs_id not in held
            ],
            ignore_conflicts=True,
            batch_size=500,
        )
        Invoice.objects.filter(client__in=changed).update(matched_at=None)
    return len(new), len(changed)


def _update(client: Client, row: RemoteClient, read_at: datetime) -> bool:
    if client.synced_at > read_at or client.erased_at is not None:
        return False
    wanted = {name: getattr(row, name) for name in _LISTED}
    if row.country:
        wanted["country"] = row.country
    changed = {name: value for name, value in wanted.items() if getattr(client, name) != value}
    for name, value in changed.items():
        setattr(client, name, value)
    client.synced_at = read_at
    return bool(changed)


def clients_of(
    instance: WhmcsInstance, api: WhmcsApi, summaries: Iterable[RemoteInvoiceSummary], *, read_at: datetime
) -> dict[int, Client]:
    """Return the clients of these invoices by WHMCS's id, asking WHMCS for those that are not mirrored yet.

    Shape: a client that WHMCS has deleted is kept by the name on its invoice.
    Raises: Refused, Retryable.
    """
    named = {row.client_whmcs_id: row for row in summaries}
    missing = set(named) - set(
        Client.objects.filter(instance=instance, whmcs_id__in=named).values_list("whmcs_id", flat=True)
    )
    if missing:
        write_clients(instance, [_ask(api, named[whmcs_id]) for whmcs_id in sorted(missing)], read_at=read_at)
    return {row.whmcs_id: row for row in Client.objects.filter(instance=instance, whmcs_id__in=named)}


def _ask(api: WhmcsApi, summary: RemoteInvoiceSummary) -> RemoteClient:
    try:
        return api.client(summary.client_whmcs_id)
    except Refused as error:
        if error.reason != refusals.CLIENT_NOT_FOUND:
            raise
    return RemoteClient(
        whmcs_id=summary.client_whmcs_id,
        first_name=summary.first_name,
        last_name=summary.last_name,
        company_name=summary.company_name,
        email="",
        status=UNKNOWN_STATUS,
    )
