"""What WHMCS tells beside its invoices: orders, by whose numbers debts are named, and credit. Tenant schema."""

from django.db import models

from payymo.shared.money import MoneyField


class Order(models.Model):
    """An order as last read; its number names the invoice that it made."""

    instance = models.ForeignKey("whmcs.WhmcsInstance", on_delete=models.PROTECT, related_name="orders")
    whmcs_id = models.PositiveBigIntegerField()
    number = models.CharField(max_length=80, blank=True)
    client_whmcs_id = models.PositiveBigIntegerField(default=0)
    invoice_whmcs_id = models.PositiveBigIntegerField(default=0, help_text="0 for an order without one")
    status = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "whmcs_id"], name="one_row_per_whmcs_order")]
        indexes = [models.Index(fields=["instance", "invoice_whmcs_id"], name="order_of_invoice")]

    def __str__(self) -> str:
        """Name the order."""
        return f"order {self.number or self.whmcs_id}"


class CreditMovement(models.Model):
    """A line of a client's credit: what added to it, and which invoice used it. Never a payment of its own."""

    instance = models.ForeignKey("whmcs.WhmcsInstance", on_delete=models.PROTECT, related_name="credit_movements")
    client = models.ForeignKey("whmcs.Client", on_delete=models.PROTECT, related_name="credit_movements")
    whmcs_id = models.PositiveBigIntegerField()
    booked_on = models.DateField(null=True, blank=True)
    description = models.CharField(max_length=500, blank=True)
    amount = MoneyField(help_text="negative where it was used")
    invoice = models.ForeignKey(
        "whmcs.Invoice", on_delete=models.SET_NULL, null=True, blank=True, related_name="credit_movements",
        help_text="the one that its text names",
    )  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "whmcs_id"], name="one_row_per_credit_movement")]

    def __str__(self) -> str:
        """Name the movement."""
        return f"credit movement {self.whmcs_id}"
