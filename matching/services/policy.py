"""Auto-approval: what the tenant allows to happen without a person, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext

from accounts.models import User
from banking.models import BankTransaction
from matching.core.types import Source
from matching.models import AutoApprovalPolicy, Band, Decision, Proposal
from matching.services import allocation, drift, engine_models, second_look
from matching.services.decisions import Actor
from payments.models import StripePayment
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.models import ReceiptState
from tenants import context
from tenants.services import licences
from whmcs.models import Invoice

RUN_LIMIT = 2000
LEAST_PROBABILITY = 0.9


class UnusablePolicy(BadInput):
    """The policy would approve too freely or does not make sense."""

    code = "unusable_policy"


@dataclass(slots=True)
class PolicyOutcome:
    """How many proposals one run approved, and how many it left because something had moved on."""

    approved: int = 0
    left: int = 0


def current_policy() -> AutoApprovalPolicy:
    """Return the tenant's policy; one that was never saved is off."""
    return AutoApprovalPolicy.objects.order_by("pk").first() or AutoApprovalPolicy(is_on=False, bands=[Band.EXACT])


@transaction.atomic
def change_policy(
    *,
    is_on: bool,
    bands: Sequence[str],
    least_probability: float,
    largest_amount: Decimal | None,
    bank_account_ids: Sequence[int],
    include_stripe: bool,
    two_person_above: Mapping[str, Decimal] | None = None,
    changed_by: User,
    now: datetime,
) -> AutoApprovalPolicy:
    """Save the tenant's policy, and above which amounts two persons decide.

    Raises: UnusablePolicy, UnusableLimit; LicenceLimit when it is turned on without a licence for it.
    """
    if is_on and not current_policy().is_on:
        licences.require_feature(tenant=context.current(), feature="automation", now=now)
    if not set(bands) <= {Band.EXACT.value, Band.LIKELY.value}:
        raise UnusablePolicy(gettext("Only exact and likely suggestions can be approved automatically."))
    if is_on and not bands:
        raise UnusablePolicy(gettext("Choose at least one band."))
    if not LEAST_PROBABILITY <= least_probability <= 1:
        raise UnusablePolicy(
            gettext("The least probability must be between %(least_probability)s and 1.")
            % {"least_probability": LEAST_PROBABILITY}
        )
    if largest_amount is not None and largest_amount <= 0:
        raise UnusablePolicy(gettext("The largest amount must be above zero."))
    second_look.replace_limits(two_person_above or {})
    policy = current_policy()
    asked_before = policy.least_probability
    policy.is_on, policy.bands, policy.least_probability = is_on, list(bands), least_probability
    policy.largest_amount, policy.include_stripe = largest_amount, include_stripe
    policy.changed_by_id, policy.changed_at = changed_by.pk, now
    policy.save()
    policy.bank_accounts.set(bank_account_ids)
    limit = None if largest_amount is None else str(largest_amount)
    audit.record(
        action="policy.changed",
        details={
            "is_on": is_on,
            "bands": ",".join(bands),
            "least_probability": str(least_probability),
            "largest_amount": limit,
            "bank_accounts": len(bank_account_ids),
            "include_stripe": include_stripe,
            "two_person_above": ",".join(f"{amount} {code}" for code, amount in second_look.limits().items()),
        },
    )
    if least_probability != asked_before:
        # What is proven depends on what is asked for.
        engine_models.look_again()
    return policy


def is_covered(*, now: datetime) -> bool:
    """Return whether the licence covers automation for as many payments as came in this month. They came in anyway."""
    most = licences.monthly_limit(tenant=context.current(), now=now)
    if most is None:
        return True
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (
        most > 0
        and sum(model.objects.filter(created_at__gte=begin).count() for model in (BankTransaction, StripePayment))
        <= most
    )


def _within(currency: str, most: Decimal) -> Q:
    """Return the condition for proposals whose whole payment one person alone could approve."""
    return Q(bank_transaction__currency=currency, bank_transaction__amount__lte=most) | Q(
        stripe_payment__currency=currency, stripe_payment__amount__lte=most
    )


def auto_approve(*, now: datetime, limit: int = RUN_LIMIT) -> PolicyOutcome:
    """Approve what the policy allows: certain by the engine's own rule, no tie, in band, account and amount."""
    outcome = PolicyOutcome()
    policy = current_policy()
    if not policy.is_on or drift.open_stop() is not None or not is_covered(now=now):
        return outcome
    proven = engine_models.proven_here()
    least_of_transfers = min(policy.least_probability, proven.get(Source.BANK, 1.0))
    least_of_charges = min(policy.least_probability, proven.get(Source.STRIPE_CHARGE, 1.0))
    ready = Proposal.objects.filter(
        status=Proposal.Status.OPEN, rank=1, is_tie=False, is_certain=True, none_reason="", band__in=policy.bands
    ).order_by("pk")
    ready = ready.exclude(lines__invoice__status=Invoice.Status.PAYMENT_PENDING)
    # Whoever undid, rejected or gave up something here wants to decide it, and not to find it decided again.
    people = Decision.objects.filter(source__in=[Decision.Source.PERSON, Decision.Source.STAFF])
    ready = ready.exclude(
        Exists(people.filter(bank_transaction=OuterRef("bank_transaction")))
        | Exists(people.filter(stripe_payment=OuterRef("stripe_payment")))
    )
    if policy.largest_amount is not None:
        ready = ready.filter(amount__lte=policy.largest_amount)
    if limits := second_look.limits():
        # Two persons decide the others: looking at these again and again would use up the run.
        ready = ready.filter(reduce(or_, (_within(currency, most) for currency, most in limits.items())))
    accounts = list(policy.bank_accounts.values_list("pk", flat=True))
    bank = ready.filter(
        probability__gte=least_of_transfers,
        bank_transaction__account__in=accounts,
        bank_transaction__state=ReceiptState.UNRECONCILED,
        bank_transaction__held_until=None,
    )
    charges = ready.filter(
        probability__gte=least_of_charges,
        stripe_payment__state=ReceiptState.UNRECONCILED,
        stripe_payment__held_until=None,
    )
    chosen = list(bank.values_list("public_id", flat=True)[:limit])
    if policy.include_stripe:
        chosen += list(charges.values_list("public_id", flat=True)[:limit])
    for proposal_id in chosen:
        try:
            allocation.approve_proposal(proposal_id=proposal_id, actor=Actor.policy(), now=now)
            outcome.approved += 1
        except (Conflict, Proposal.DoesNotExist):
            # Somebody was faster, the invoice moved on, or a person must agree: the proposal stays where it is.
            outcome.left += 1
    return outcome
