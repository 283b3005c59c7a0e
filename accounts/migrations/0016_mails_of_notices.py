from django.db import migrations, models


def drop_waiting_warnings(apps, schema_editor):
    """What they would have said is a notice now."""
    mails = apps.get_model("accounts", "OutgoingMail").objects
    mails.filter(kind="consent_ends", sent_at=None, dropped_as="").update(dropped_as="replaced")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_company_export")]

    operations = [
        migrations.RunPython(drop_waiting_warnings, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="outgoingmail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invitation", "Invitation"),
                    ("password_reset", "Password reset"),
                    ("password_changed", "Password changed"),
                    ("second_factor_changed", "Second factor changed"),
                    ("notices", "Notices"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="outgoingmail",
            name="about",
            field=models.UUIDField(help_text="public id of the invitation, the request, the user or the bundle"),
        ),
    ]
