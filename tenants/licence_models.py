"""Licences that were installed, and how often they were verified. Shared schema."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Licence(models.Model):
    """A licence key that was installed; the one issued last is in force. What holds is what the key says."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="licences")
    licence_id = models.UUIDField(unique=True)
    key = models.TextField(max_length=8192)
    plan = models.CharField(max_length=60)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    installed_at = models.DateTimeField()

    def __str__(self) -> str:
        """Name the licence."""
        return f"licence {self.licence_id}"


class LicenceCheck(models.Model):
    """Verifications of a licence: one row a day for each purpose and outcome, counted by one statement."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="licence_checks")
    licence_id = models.UUIDField(help_text=_("all zeros where none is installed"))
    purpose = models.CharField(max_length=20)
    outcome = models.CharField(max_length=12)
    day = models.DateField()
    checks = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "licence_id", "purpose", "outcome", "day"], name="one_licence_check_row_a_day"
            ),
        ]

    def __str__(self) -> str:
        """Name the row."""
        return f"{self.outcome} for {self.purpose} on {self.day}"
