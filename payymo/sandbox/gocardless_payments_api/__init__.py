"""The GoCardless stand-in for payments: Direct Debits, refunds, payouts with their items, and signed webhooks."""
