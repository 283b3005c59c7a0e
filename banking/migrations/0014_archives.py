from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0013_consent_warnings"),
    ]

    operations = [
        migrations.AddField(
            model_name="statementimport",
            name="archive",
            field=models.UUIDField(
                blank=True,
                db_index=True,
                help_text="the same for the files that were uploaded in one ZIP archive",
                null=True,
            ),
        ),
    ]
