from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whmcs", "0013_credit_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="whmcsinstance",
            name="gocardless_gateway",
            field=models.CharField(default="gocardless", max_length=60),
        ),
    ]
