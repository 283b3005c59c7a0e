"""The mails that went out, and the links in them."""

import re

from django.core import mail
from django.utils import timezone

from accounts.services import mailing
from tenants import context
from tenants.models import Tenant


def send(slug="acme", *, now=None):
    """Work off the mails that wait, as the worker does, and return those that went out."""
    before = len(mail.outbox)
    with context.inside(Tenant.objects.get(slug=slug)) as tenant:
        mailing.send_due(tenant=tenant, now=now or timezone.now())
    return mail.outbox[before:]


def path_in(message):
    """Return the path of the one link in the mail."""
    [found] = set(re.findall(r"http://[a-z]+\.localhost:\d+(/\S+)", message.body))
    return found


def link_of(slug="acme"):
    [message] = send(slug)
    return path_in(message)
