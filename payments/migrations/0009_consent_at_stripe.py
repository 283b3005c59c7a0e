from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_another_gateway"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConnectAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state_hash",
                    models.CharField(help_text="of the state and the browser's session", max_length=64, unique=True),
                ),
                ("livemode", models.BooleanField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
