"""The demo tenants: people, connections to the provider stand-ins, and a first run of the whole line.

Everything goes the way it would for a customer: the consent page is visited, keys are checked, files and feeds are
read by the same services. Running it again changes nothing that is there.
"""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urljoin, urlsplit

from django.conf import settings
from django.core.management import call_command

from accounts.models import User
from accounts.permissions import sync_builtin_roles
from accounts.services import onboarding
from banking.models import BankAccount, BankConnection, BankProvider, BankTransaction
from banking.services import connecting as banks
from banking.services import consent_finishing, fetching, provider_keys
from matching.models import AutoApprovalPolicy, Band
from matching.services import policy, proposing, rounds
from payments.models import StripeConnection
from payments.services import connecting as stripe
from payments.services import syncing
from payymo.demo import debits
from payymo.sandbox import world
from payymo.shared import http
from tenants import context
from tenants.models import Tenant
from tenants.services import licences, provisioning
from tenants.services import settings as company_settings
from whmcs.models import WhmcsInstance
from whmcs.services import connection as whmcs
from whmcs.services import invoice_sync

PASSWORD = "demo-demo-demo"  # noqa: S105 - printed on purpose: the demo has no secrets
SUPPORT_HOURS = 24
HOSTS = {slug: f"{slug}.localhost" for slug in settings.DEMO_TENANTS}
ROLES = ("owner", "reviewer", "viewer")
Say = Callable[[str], None]


def seed(*, say: Say) -> None:
    """Make both tenants and Payymo's own member of staff."""
    sync_builtin_roles()
    if not User.objects.filter(email="staff@payymo.example").exists():
        User.objects.create_superuser("staff@payymo.example", PASSWORD, name="Sam Staff")
    for slug, host in HOSTS.items():
        company = world.COMPANIES[slug]
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            say(f"{slug}: making the tenant")
            tenant = provisioning.create_tenant(slug=slug, name=company.name, domain=host)
        # As a company would give it; every start gives it anew.
        company_settings.grant_support(tenant=tenant, hours=SUPPORT_HOURS, now=datetime.now(UTC))
        for role in ROLES:
            onboarding.add_member(
                tenant=tenant, email=f"{role}@{slug}.example", role=role, name=role.title(), password=PASSWORD
            )
        _license(tenant, say)
        with context.inside(tenant):
            _connect_whmcs(slug, say)
            _connect_stripe(slug, say)
            if slug == "acme" and (read := debits.connect(slug)):
                say(f"{slug}: {read}")
            _connect_bank(slug, say)
            _match(slug, say)


def _license(tenant: Tenant, say: Say) -> None:
    found = licences.standing(tenant=tenant, now=datetime.now(UTC), purpose="demo")
    if not found.allows_new:
        say(f"{tenant.slug}: issuing a licence")
        terms = {"plan": "demo", "bank_connections": 5, "users": 25, "transactions": 100_000}
        call_command("issue_license", tenant=tenant.slug, install=True, stdout=io.StringIO(), **terms)


def _connect_whmcs(slug: str, say: Say) -> None:
    keys, address = world.WHMCS[slug], f"{settings.SANDBOX_URL}/whmcs/{slug}"
    # The demo may have been started with another port.
    WhmcsInstance.objects.exclude(base_url=address).update(base_url=address, state=WhmcsInstance.State.ACTIVE)
    instance = WhmcsInstance.objects.first()
    if instance is None:
        say(f"{slug}: connecting WHMCS")
        instance = whmcs.connect_instance(
            name=f"{world.COMPANIES[slug].name} billing",
            base_url=address,
            identifier=keys.identifier,
            secret=keys.secret,
            now=datetime.now(UTC),
        )
    if instance.last_success_at is None:
        result = invoice_sync.sync_instance(
            instance=instance, api=whmcs.api_for(instance), now=datetime.now(UTC), budget=timedelta(minutes=4)
        )
        say(f"{slug}: {result.new_invoices} invoices of {result.new_clients} clients read")


def _connect_stripe(slug: str, say: Say) -> None:
    keys = world.STRIPE[slug]
    connection = StripeConnection.objects.filter(gateway="stripe").first()
    if connection is None:
        say(f"{slug}: connecting Stripe")
        connection = stripe.connect_with_restricted_key(
            key=keys.restricted_key, webhook_secret=keys.webhook_secret, now=datetime.now(UTC)
        )
    if connection.last_success_at is None:
        result = syncing.sync_connection(connection=connection, api=stripe.api_for(connection), now=datetime.now(UTC))
        say(f"{slug}: {result.new_charges} charges and {result.payouts} payouts read")


def _consent(link: str) -> str:
    """Walk through the bank's consent page as a customer would; return the reference that it sends back."""
    http.send("GET", link)
    decided = http.send("POST", link, data={"action": "approve"})
    bank = http.send("GET", urljoin(link, decided.headers["Location"]))
    return parse_qs(urlsplit(bank.headers["Location"]).query)["ref"][0]


def _connect_bank(slug: str, say: Say) -> None:
    keys = world.GOCARDLESS[slug]
    owner = User.objects.get(email=f"owner@{slug}.example")
    now = datetime.now(UTC)
    if not provider_keys.choice(BankProvider.GOCARDLESS).is_ready:
        provider_keys.save_provider_key(
            provider=BankProvider.GOCARDLESS, secret_id=keys.secret_id, secret_key=keys.secret_key, now=now
        )
    provider = provider_keys.provider(BankProvider.GOCARDLESS, now=now)
    if not BankConnection.objects.filter(state=BankConnection.State.LINKED).exists():
        say(f"{slug}: connecting the bank")
        started = banks.start_consent(
            institution_id=keys.institution_ids[0],
            user_id=owner.pk,
            redirect_url=callback_url(slug),
            provider=provider,
            now=now,
        )
        consent_finishing.finish_consent(
            reference=_consent(started.consent_link), user_id=owner.pk, provider=provider, now=datetime.now(UTC)
        )
    for account in BankAccount.objects.filter(last_success_at=None, connection__isnull=False).order_by("pk"):
        fetching.sync_account(account_id=account.pk, provider=provider, now=datetime.now(UTC))
        count = BankTransaction.objects.filter(account=account).count()
        say(f"{slug}: {count} transactions of the account … {account.iban_last4} read")


def callback_url(slug: str) -> str:
    """Return where the bank sends the customer back to."""
    return f"{settings.PUBLIC_SCHEME}://{HOSTS[slug]}:{settings.PUBLIC_PORT}/connections/bank/callback/"


def _match(slug: str, say: Say) -> None:
    now = datetime.now(UTC)
    found = rounds.prepare(now=now)
    outcome = proposing.propose(receipts=proposing.waiting(), now=now)
    say(f"{slug}: {found['payouts']} payouts found on the bank account")
    say(f"{slug}: {found['charges']} charges and {found['transfers']} transfers found booked in WHMCS")
    say(f"{slug}: {outcome.looked_at} payments looked at: {outcome.by_band}")
    if slug == "acme" and not AutoApprovalPolicy.objects.exists():
        policy.change_policy(
            is_on=True,
            bands=[Band.EXACT.value],
            least_probability=0.995,
            largest_amount=Decimal(250),
            bank_account_ids=list(BankAccount.objects.values_list("pk", flat=True)),
            include_stripe=True,
            changed_by=User.objects.get(email=f"owner@{slug}.example"),
            now=now,
        )
