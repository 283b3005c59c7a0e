"""What is looked up when a payment is judged, derived from the mirror, and the runs over all. Tenant schema.

Text is folded by the matching core and sorted as the core sorts it, hence the collation.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from whmcs.models import Client, Invoice


def _text(**options: object) -> "models.TextField[str, str]":
    return models.TextField(db_collation="C", **options)  # type: ignore[arg-type]


class InvoiceNumber(models.Model):
    """Digits under which an invoice is found: one of its numbers whole, or the part of one that counts up."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="+")
    digits = _text()
    is_running = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digits", "is_running", "invoice"], name="one_row_per_number_and_invoice")
        ]

    def __str__(self) -> str:
        """Name the row."""
        return f"number of invoice {self.invoice_id}"


class NumberPrefix(models.Model):
    """Letters that the host's own numbers begin with."""

    prefix = models.CharField(max_length=14, primary_key=True)

    def __str__(self) -> str:
        """Show the letters."""
        return self.prefix


class ClientNames(models.Model):
    """The client's names as they were last taken up, and its address; every client with an invoice has one."""

    client = models.OneToOneField(Client, on_delete=models.CASCADE, primary_key=True, related_name="+")
    person = ArrayField(models.TextField(), help_text="the comparable words of the person's name")
    company = ArrayField(models.TextField(), help_text="the comparable words of the company's name")
    email = models.CharField(max_length=254, blank=True, db_index=True, help_text="in lower case")

    def __str__(self) -> str:
        """Name the row."""
        return f"names of client {self.pk}"


class ClientWord(models.Model):
    """One word of a client's names."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    word = _text()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "client"], name="one_row_per_word_and_client")]

    def __str__(self) -> str:
        """Name the row."""
        return f"word of client {self.client_id}"


class NameWord(models.Model):
    """A word of any name, with how many clients carry it and what it is with one letter left out."""

    word = _text(primary_key=True)
    carriers = models.PositiveIntegerField(default=0)
    shortened = ArrayField(_text(), default=list)

    class Meta:
        indexes = [GinIndex(fields=["shortened"], name="name_word_shortened", fastupdate=False)]

    def __str__(self) -> str:
        """Show the word."""
        return self.word


class ClientDomain(models.Model):
    """A domain that a client is billed for."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    domain = _text()
    stem = _text()
    last_seen_date = models.DateField(help_text="issue date of the newest invoice that names it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "client"], name="one_row_per_domain_and_client")]
        indexes = [models.Index(fields=["stem"], name="client_domain_stem")]

    def __str__(self) -> str:
        """Name the row."""
        return f"domain of client {self.client_id}"


class FullRun(models.Model):
    """One look at every open payment; without an end it goes on where it was stopped."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"], condition=models.Q(finished_at=None), nulls_distinct=False,
                name="one_full_run_at_a_time",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        """Name the run."""
        return f"full run {self.pk}"
