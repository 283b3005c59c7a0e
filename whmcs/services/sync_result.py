"""What a run over an installation brought."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class SyncResult:
    """What a run brought; `unreadable` names rows of WHMCS that were left out, with the reason."""

    new_clients: int = 0
    changed_clients: int = 0
    new_invoices: int = 0
    changed_invoices: int = 0
    read_invoices: int = 0
    bookings: int = 0
    new_orders: int = 0
    unreadable: list[str] = field(default_factory=list)
    is_complete: bool = False
