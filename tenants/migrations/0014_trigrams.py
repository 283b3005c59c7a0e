from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0013_posting_pause"),
    ]

    operations = [
        # One of PostgreSQL's own and trusted: the owner of the database may add it. It stays when this is undone.
        migrations.RunSQL(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public", reverse_sql=migrations.RunSQL.noop
        ),
    ]
