"""The GoCardless Bank Account Data stand-in: `/api/v2` and the consent page."""
