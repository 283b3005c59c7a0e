"""Shapes of data protection over the API."""

from typing import Any

from rest_framework import serializers

from payymo.shared.api.serializers import StrictSerializer


class RetentionInput(StrictSerializer):
    """For how long it is kept who paid."""

    unmatched_days = serializers.IntegerField(min_value=30, max_value=730)
    bookkeeping_years = serializers.IntegerField(min_value=6, max_value=10)


class RetentionOutput(serializers.Serializer[Any]):
    """For how long it is kept who paid."""

    unmatched_days = serializers.IntegerField()
    bookkeeping_years = serializers.IntegerField()


class PersonInput(StrictSerializer):
    """Who is meant, by at least one of these."""

    client_number = serializers.IntegerField(min_value=1, max_value=2**53, required=False)
    iban = serializers.CharField(max_length=60, required=False)
    name = serializers.CharField(max_length=200, required=False)
    email = serializers.CharField(max_length=254, required=False)


class ErasePersonInput(PersonInput):
    """Who is meant, and that it is meant."""

    confirm = serializers.BooleanField()

    def validate_confirm(self, value: bool) -> bool:
        """Take only a yes."""
        if not value:
            raise serializers.ValidationError("Nothing can be brought back afterwards: confirm it with true.")
        return value


class PersonOutput(serializers.Serializer[Any]):
    """Everything that is stored about the person."""

    company = serializers.CharField()
    exported_at = serializers.CharField()
    clients = serializers.ListField(child=serializers.JSONField())
    bank_transactions = serializers.ListField(child=serializers.JSONField())
    card_payments = serializers.ListField(child=serializers.JSONField())


class ErasedOutput(serializers.Serializer[Any]):
    """How many rows were erased, what stays, and why."""

    clients = serializers.IntegerField()
    transactions = serializers.IntegerField()
    charges = serializers.IntegerField()
    rules = serializers.IntegerField()
    memories = serializers.IntegerField()
    stays = serializers.DictField(child=serializers.IntegerField())
    reason = serializers.CharField(allow_blank=True)
