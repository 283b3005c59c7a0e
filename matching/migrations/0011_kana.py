from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0010_plural_names"),
        ("whmcs", "0007_owes_exactly"),
    ]

    operations = [
        # Names in kana are folded to Latin letters now: the words by which clients are found are written anew.
        migrations.RunSQL(
            """
            UPDATE whmcs_invoice SET matched_at = NULL WHERE client_id IN (
                SELECT id FROM whmcs_client
                WHERE first_name || last_name || company_name ~ '[\\u3041-\\u30ff\\uff66-\\uff9f]'
            )
            """,
            migrations.RunSQL.noop,
        ),
    ]
