"""What the Stripe ledger means, in plain Python."""
