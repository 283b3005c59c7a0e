"""The gateways that Payymo knows, by the name that is kept on a connection."""

from collections.abc import Mapping

from payments.clients.gateway import Gateway
from payments.clients.gocardless_gateway import GoCardlessGateway
from payments.clients.stripe_gateway import StripeGateway

GATEWAYS: Mapping[str, Gateway] = {"stripe": StripeGateway(), "gocardless": GoCardlessGateway()}
