"""How each tenant is doing, in numbers that the operator's metrics show. Shared schema; no name, no amount."""

from django.db import models


class TenantFigure(models.Model):
    """One number of one tenant, as a worker last counted it."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="figures")
    name = models.CharField(max_length=40)
    label = models.CharField(max_length=40, blank=True, help_text="a state or a kind of source, from a fixed list")
    value = models.FloatField()
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name", "label"], name="one_figure_of_a_name")]

    def __str__(self) -> str:
        """Name the figure."""
        return f"{self.name} {self.label} of tenant {self.tenant_id}"
