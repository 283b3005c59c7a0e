from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0014_archives"),
        ("tenants", "0014_trigrams"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="banktransaction",
            index=models.Index(fields=["amount", "id"], name="tx_amount"),
        ),
        migrations.AddIndex(
            model_name="banktransaction",
            index=GinIndex(
                OpClass(Upper("counterparty_name"), "gin_trgm_ops"),
                OpClass(Upper("remittance_information"), "gin_trgm_ops"),
                OpClass(Upper("structured_reference"), "gin_trgm_ops"),
                OpClass(Upper("end_to_end_id"), "gin_trgm_ops"),
                OpClass(Upper("bank_reference"), "gin_trgm_ops"),
                name="tx_texts",
            ),
        ),
    ]
