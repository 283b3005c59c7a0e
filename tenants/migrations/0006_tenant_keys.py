"""Several sealing keys per tenant, and an index key of its own.

What was sealed and hashed with one key so far goes on with it: as sealing key 1, and as index key 0, which is the same
wrapped value under the same binding. So nothing has to be read to upgrade.
"""

import django.db.models.deletion
from django.db import migrations, models

COPY = """
INSERT INTO tenants_tenantkey (tenant_id, purpose, number, wrapped)
SELECT tenant_id, 'index', 0, wrapped FROM tenants_tenantkey WHERE purpose = 'seal' AND number = 1
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_breaker")]

    operations = [
        migrations.AlterField(
            model_name="tenantkey",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="data_keys", to="tenants.tenant"
            ),
        ),
        migrations.AddField(
            model_name="tenantkey",
            name="purpose",
            field=models.CharField(
                choices=[("seal", "Sealing"), ("index", "Look-up hashes")], default="seal", max_length=5
            ),
        ),
        migrations.AddField(model_name="tenantkey", name="number", field=models.PositiveIntegerField(default=1)),
        migrations.AddConstraint(
            model_name="tenantkey",
            constraint=models.UniqueConstraint(
                fields=("tenant", "purpose", "number"), name="one_tenant_key_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="tenantkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__lte", 65_535)), name="a_key_number_fits_two_bytes"
            ),
        ),
        migrations.RunSQL(COPY, "DELETE FROM tenants_tenantkey WHERE purpose <> 'seal' OR number <> 1"),
    ]
