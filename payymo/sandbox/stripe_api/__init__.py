"""The Stripe stand-in: `/v1` resources, Connect OAuth and signed webhooks."""
