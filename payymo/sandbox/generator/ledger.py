"""What WHMCS has booked: older transfers, typed in by a person, and nearly all card payments, by its own module."""

import random
from datetime import UTC, date, datetime, time, timedelta

from payymo.sandbox.generator.cards import CardBook
from payymo.sandbox.generator.model import CreditRow, Invoice, LedgerRow, Plan, Transfer
from payymo.sandbox.generator.profile import Profile

UNBOOKED_CARDS = 0.05


class Ledger:
    """Books payments the way WHMCS does: rows, status, credit."""

    def __init__(self, rng: random.Random, profile: Profile, invoices: list[Invoice]) -> None:
        self.rng, self.profile = rng, profile
        self.invoices = {one.id: one for one in invoices}
        self.received: dict[int, int] = {}
        self.rows: list[LedgerRow] = []
        self.credits: list[CreditRow] = []

    def pay(self, invoice: Invoice, amount: int, at: datetime, transid: str, gateway: str, fees: int = 0) -> LedgerRow:
        """Book a payment; what exceeds the balance becomes the client's credit."""
        row = LedgerRow(
            id=len(self.rows) + 1, client_id=invoice.client.id, gateway=gateway, at=at,
            description="Invoice Payment", amount_in=amount, fees=fees, amount_out=0, transid=transid,
            invoice_id=invoice.id,
        )  # fmt: skip
        self.rows.append(row)
        before = self.received.get(invoice.id, 0)
        self.received[invoice.id] = before + amount
        excess = min(amount, before + amount - (invoice.total - invoice.credit))
        if before + amount >= invoice.total - invoice.credit and invoice.status == "Unpaid":
            invoice.status, invoice.paid_at = "Paid", at
        if excess > 0:
            invoice.client.credit += excess
            note = f"Overpayment of Invoice #{invoice.id}"
            self.credits.append(CreditRow(len(self.credits) + 1, invoice.client.id, at.date(), note, excess))
        return row

    def _typed(self, transfer: Transfer) -> str:
        """Return what a bookkeeper puts into the transaction id field."""
        day = transfer.booked_on
        style = self.rng.random()
        if style < 0.45:
            return f"KTO {day:%d.%m.%Y} {self.rng.randint(1, 60)}"
        if style < 0.7:
            return f"bank-{day:%Y%m%d}-{self.rng.randint(100, 999)}"
        if style < 0.85:
            return f"{transfer.name.split(' ')[0]} {day:%d.%m.}"
        return ""

    def book_history(self, plans: list[Plan], older: list[Invoice]) -> None:
        """Book what was paid before the month began."""
        for plan in plans:
            if plan.history:
                self._book_before(plan.history, plan.history.issued + timedelta(days=self.rng.randint(1, 9)))
        for invoice in older:
            if invoice.notes and invoice.paid_at:
                # A note stands among the payments, though no money came: no gateway, no transaction id.
                note = self.pay(invoice, invoice.total, invoice.paid_at, "", "")
                note.description = f"Credit Note CN-{invoice.id}"
            if invoice.status == "Refunded" and invoice.paid_at:
                row = self.pay(
                    invoice, invoice.total, invoice.paid_at, f"bank-{invoice.paid_at:%Y%m%d}-1", "banktransfer"
                )
                self._give_back(row, invoice.total, invoice.paid_at + timedelta(days=2), f"refund {invoice.quoted}")

    def _book_before(self, invoice: Invoice, day: date) -> None:
        transid = f"KTO {day:%d.%m.%Y} {self.rng.randint(1, 60)}"
        self.pay(invoice, invoice.total, datetime.combine(day, time(11, 5)), transid, "banktransfer")

    def _give_back(self, row: LedgerRow, amount: int, at: datetime, transid: str) -> None:
        back = LedgerRow(
            id=len(self.rows) + 1, client_id=row.client_id, gateway=row.gateway, at=at,
            description="Refund of Transaction", amount_in=0, fees=0, amount_out=amount, transid=transid,
            invoice_id=row.invoice_id, refund_id=row.id,
        )  # fmt: skip
        self.rows.append(back)

    def book_transfers(self, transfers: list[Transfer]) -> None:
        """Book the payments from before the open weeks, with the transaction ids that a person typed."""
        for transfer in transfers:
            if transfer.booked_on >= self.profile.decided_before or transfer.kind != "payment":
                continue
            transfer.tags.append("booked_in_whmcs")
            at = datetime.combine(transfer.booked_on + timedelta(days=1), time(10, self.rng.randint(0, 59)))
            rest = transfer.amount
            for index, (invoice_id, amount) in enumerate(transfer.allocations):
                last = index == len(transfer.allocations) - 1
                # An over-payment is typed in whole on the last invoice; foreign money is booked as owed.
                paid = max(amount, rest) if last and not transfer.instructed else amount
                self._book_one(self.invoices[invoice_id], paid, at, self._typed(transfer))
                rest -= amount

    def _book_one(self, invoice: Invoice, amount: int, at: datetime, transid: str) -> None:
        self.pay(invoice, amount, at, transid, "banktransfer")
        for line in invoice.lines:
            if line.relates_to:
                self._settle_by_credit(line.relates_to, at)

    def _settle_by_credit(self, part: Invoice, at: datetime) -> None:
        part.credit, part.status, part.paid_at = part.total, "Paid", at
        day = at.date()
        self.credits.append(
            CreditRow(
                len(self.credits) + 1,
                part.client.id,
                day,
                f"Mass Invoice Payment Credit for Invoice #{part.id}",
                part.total,
            )
        )
        self.credits.append(
            CreditRow(len(self.credits) + 1, part.client.id, day, f"Credit Applied to Invoice #{part.id}", -part.total)
        )

    def book_cards(self, book: CardBook) -> None:
        """Book card payments and refunds as WHMCS's Stripe module does, but for the few whose callback was lost."""
        booked = {}
        for plan, charge, balance in book.paid:
            if self.rng.random() < UNBOOKED_CARDS and not plan.refund and not plan.duplicate:
                continue
            ids = [balance["id"], charge["id"], charge["payment_intent"]]
            transid = self.rng.choices(ids, weights=[60, 25, 15])[0]
            at = plan.at.astimezone(UTC).replace(tzinfo=None) + timedelta(seconds=4)
            booked[charge["id"]] = self.pay(plan.invoice, charge["amount"], at, transid, "stripe", balance["fee"])
        for plan, refund, balance in book.refunds:
            at = plan.at.astimezone(UTC).replace(tzinfo=None) + timedelta(days=1)
            transid = self.rng.choice([refund["id"], balance["id"]])
            self._give_back(booked[refund["charge"]], refund["amount"], at, transid)
            if refund["amount"] == plan.invoice.total:
                plan.invoice.status = "Refunded"
