from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_order_of_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="stripeconnection",
            name="gateway",
            field=models.CharField(
                choices=[("stripe", "Stripe"), ("gocardless", "GoCardless")], default="stripe", max_length=16
            ),
        ),
        migrations.AlterField(
            model_name="stripeconnection",
            name="kind",
            field=models.CharField(
                choices=[
                    ("restricted_key", "Restricted key"),
                    ("connect", "Stripe Connect"),
                    ("access_token", "Access token"),
                ],
                max_length=16,
            ),
        ),
    ]
