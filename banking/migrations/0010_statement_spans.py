from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0009_more_providers"),
    ]

    operations = [
        migrations.AddField(
            model_name="statementimport",
            name="spans",
            field=models.JSONField(
                default=list, help_text="first and last day, balances and number of each statement in it"
            ),
        ),
    ]
