"""`manage.py sync_gocardless [--tenant SLUG] [--json]`."""

from payments.management.commands import sync_stripe
from payments.models import Gateway


class Command(sync_stripe.Command):
    """Read every connected GoCardless account now."""

    gateway = Gateway.GOCARDLESS
    help = "Read the connected GoCardless accounts of one tenant, or of all, whether or not they are due."
