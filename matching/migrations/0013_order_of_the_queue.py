from django.db import migrations


class Migration(migrations.Migration):
    """Suggestions that wait get the days by which the queue can be ordered."""

    dependencies = [("matching", "0012_teamwork")]

    operations = [
        migrations.RunSQL(
            sql=[
                """
                UPDATE matching_proposal AS proposal SET received_date = entry.booking_date
                FROM banking_banktransaction AS entry
                WHERE entry.id = proposal.bank_transaction_id AND proposal.status = 'OPEN'
                """,
                """
                UPDATE matching_proposal AS proposal SET received_date = (charge.charged_at AT TIME ZONE 'UTC')::date
                FROM payments_stripepayment AS charge
                WHERE charge.id = proposal.stripe_payment_id AND proposal.status = 'OPEN'
                """,
                """
                UPDATE matching_proposal AS proposal SET due_date = debt.due_date
                FROM (
                    SELECT line.proposal_id, min(invoice.due_date) AS due_date
                    FROM matching_proposalline AS line JOIN whmcs_invoice AS invoice ON invoice.id = line.invoice_id
                    GROUP BY line.proposal_id
                ) AS debt
                WHERE debt.proposal_id = proposal.id AND proposal.status = 'OPEN'
                """,
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
