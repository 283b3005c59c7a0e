from django.db import migrations


class Migration(migrations.Migration):
    """Counts so far weigh in full on the day they were last seen, as they did."""

    dependencies = [("matching", "0006_judged_decisions")]

    operations = [
        migrations.RunSQL(
            sql="""
                UPDATE matching_payerprofile SET weight = hits, rejected_weight = rejections,
                    rejected_date = CASE WHEN rejections > 0 THEN last_seen_date END
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
