"""Rows know their provider; what so far came without a file came from the only one there was."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PROVIDERS = [
    ("enable_banking", "Enable Banking"),
    ("gocardless_bad", "GoCardless Bank Account Data"),
    ("simplefin", "SimpleFIN Bridge"),
]


def name_provider(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write down who delivered the entries that are stored."""
    rows = apps.get_model("banking", "BankTransaction").objects.filter(statement_import=None, provider="")
    rows.update(provider="gocardless_bad")


class Migration(migrations.Migration):
    dependencies = [("banking", "0008_erasing")]

    operations = [
        migrations.RenameField("bankconnection", "requisition_id", "consent_id"),
        migrations.RenameField("bankconnection", "agreement_id", "attempt_id"),
        migrations.AlterField(
            "bankconnection",
            "consent_id",
            models.CharField(blank=True, help_text="the provider's id of the consent", max_length=64),
        ),
        migrations.AlterField(
            "bankconnection",
            "attempt_id",
            models.CharField(blank=True, help_text="its id of the agreement or of the attempt", max_length=64),
        ),
        migrations.AlterField("bankconnection", "consent_link", models.URLField(blank=True, max_length=2000)),
        migrations.AddField(
            "bankconnection",
            "credential_sealed",
            models.BinaryField(
                blank=True,
                default=b"",
                help_text="what opens this one consent, or what came back and is still to be exchanged",
            ),
        ),
        migrations.AlterField(
            "bankconnection",
            "provider",
            models.CharField(choices=PROVIDERS, default="gocardless_bad", max_length=20),
        ),
        migrations.AlterField(
            "providerkey", "provider", models.CharField(choices=PROVIDERS, max_length=20, unique=True)
        ),
        migrations.AlterField(
            "bankaccount", "provider_account_id", models.CharField(blank=True, db_index=True, max_length=200)
        ),
        migrations.AddField(
            "rawfetch", "provider", models.CharField(choices=PROVIDERS, default="gocardless_bad", max_length=20)
        ),
        migrations.AddField(
            "banktransaction",
            "provider",
            models.CharField(
                blank=True,
                choices=PROVIDERS,
                default="",
                help_text="who delivered it; empty: it came in a file",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.RunPython(name_provider, migrations.RunPython.noop),
    ]
