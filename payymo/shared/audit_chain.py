"""A log that the database itself keeps append-only and chains by SHA-256: its two tables, triggers and proof.

An entry is written in the transaction of the act that it records. Its place in the chain is taken when that
transaction commits, by a deferred trigger, so that the lock of the chain is held for a moment and joins no deadlock.
"""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import models
from django.db.models.functions import Now

_PLAIN = r"^[A-Za-z0-9_.:-]*$"
_START = bytes(32)


class ChainedEntry(models.Model):
    """What was done, by whom, to what. Ids and codes only: no name, address, account number or secret."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    happened_at = models.DateTimeField(db_default=Now(), db_index=True, editable=False)
    action = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True, blank=True)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.UUIDField(null=True, blank=True, db_index=True)
    request_id = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True
        constraints = [
            # Nothing in a field can look like the bar that separates fields in the hashed text.
            models.CheckConstraint(
                condition=models.Q(action__regex=_PLAIN)
                & models.Q(actor_kind__regex=_PLAIN)
                & models.Q(object_type__regex=_PLAIN)
                & models.Q(request_id__regex=_PLAIN),
                name="%(app_label)s_%(class)s_plain_fields",
            )
        ]

    def __str__(self) -> str:
        """Name the act."""
        return f"{self.action} {self.public_id}"


class ChainLink(models.Model):
    """The place of one entry in the chain: a gapless number and a hash over the link before and the entry."""

    number = models.BigIntegerField(primary_key=True)
    previous_hash = models.BinaryField()
    entry_hash = models.BinaryField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """Name the link."""
        return f"link {self.number}"


def protect_sql(*, entries: str, links: str, function: str) -> str:
    """Write the triggers that chain `entries` into `links` and refuse every change, for a migration of their schema."""
    # The names come from migrations, never from outside.
    return f"""
CREATE FUNCTION {function}_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before_number bigint;
    before_hash bytea;
    entry_text text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || '.{links}', 0));
    EXECUTE format('SELECT number, entry_hash FROM %I.{links} ORDER BY number DESC LIMIT 1', TG_TABLE_SCHEMA)
        INTO before_number, before_hash;
    before_number := coalesce(before_number, 0);
    before_hash := coalesce(before_hash, decode(repeat('00', 32), 'hex'));
    entry_text := concat_ws('|', before_number + 1, NEW.public_id,
        to_char(NEW.happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), NEW.action, NEW.actor_kind,
        coalesce(NEW.actor_id::text, ''), NEW.object_type, coalesce(NEW.object_id::text, ''), NEW.request_id,
        NEW.details::text);
    EXECUTE format('INSERT INTO %I.{links} (number, entry_id, previous_hash, entry_hash) VALUES ($1, $2, $3, $4)',
        TG_TABLE_SCHEMA)
        USING before_number + 1, NEW.id, before_hash, sha256(before_hash || convert_to(entry_text, 'UTF8'));
    RETURN NULL;
END $$;
CREATE FUNCTION {function}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION {function}_only_chained() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'links are written by the chain alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE CONSTRAINT TRIGGER {function}_chain AFTER INSERT ON {entries} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION {function}_chain();
CREATE TRIGGER {function}_keep_entries BEFORE UPDATE OR DELETE ON {entries}
    FOR EACH ROW EXECUTE FUNCTION {function}_refuse();
CREATE TRIGGER {function}_keep_all_entries BEFORE TRUNCATE ON {entries} EXECUTE FUNCTION {function}_refuse();
CREATE TRIGGER {function}_keep_links BEFORE UPDATE OR DELETE ON {links}
    FOR EACH ROW EXECUTE FUNCTION {function}_refuse();
CREATE TRIGGER {function}_keep_all_links BEFORE TRUNCATE ON {links} EXECUTE FUNCTION {function}_refuse();
CREATE TRIGGER {function}_only_chained BEFORE INSERT ON {links}
    FOR EACH ROW EXECUTE FUNCTION {function}_only_chained();
"""  # noqa: S608 - our own names  # nosec B608


def unprotect_sql(*, entries: str, links: str, function: str) -> str:
    """Write the reverse of `protect_sql`."""
    return f"""
DROP TRIGGER {function}_chain ON {entries};
DROP TRIGGER {function}_keep_entries ON {entries};
DROP TRIGGER {function}_keep_all_entries ON {entries};
DROP TRIGGER {function}_keep_links ON {links};
DROP TRIGGER {function}_keep_all_links ON {links};
DROP TRIGGER {function}_only_chained ON {links};
DROP FUNCTION {function}_chain();
DROP FUNCTION {function}_refuse();
DROP FUNCTION {function}_only_chained();
"""


@dataclass(frozen=True, slots=True)
class ChainRecord:
    """One link with its entry, as stored or as exported. `details` is the text that was hashed, not parsed again."""

    number: int
    previous_hash: bytes
    entry_hash: bytes
    public_id: str
    happened_at: datetime
    action: str
    actor_kind: str
    actor_id: str
    object_type: str
    object_id: str
    request_id: str
    details: str

    def expected_hash(self) -> bytes:
        """Hash what the record says, as the database did."""
        moment = self.happened_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        parts = (
            *(str(self.number), self.public_id, moment, self.action, self.actor_kind, self.actor_id),
            *(self.object_type, self.object_id, self.request_id, self.details),
        )
        return hashlib.sha256(self.previous_hash + "|".join(parts).encode()).digest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of the chain that was written down elsewhere."""

    number: int
    entry_hash: bytes
    anchored_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a chain found: `first_bad` is the number of the first wrong link, `problem` says why."""

    checked: int
    head: bytes
    first_bad: int | None = None
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing or changed."""
        return self.first_bad is None


def verify_chain(records: Iterable[ChainRecord], anchors: Iterable[Anchor] = ()) -> Verdict:
    """Check every link, from the first, and the heads written down elsewhere.

    Shape: `records` in order of number, read once; the check ends at the first fault.
    """
    noted = {anchor.number: anchor for anchor in anchors}
    number, before = 0, _START
    for record in records:
        problem = _fault(record, number + 1, before, noted.get(record.number))
        if problem:
            return Verdict(number, before, number + 1, problem)
        number, before = record.number, record.entry_hash
    missing = min((known for known in noted if known > number), default=None)
    if missing is not None:
        written = f"{noted[missing].anchored_at:%Y-%m-%d}"
        return Verdict(number, before, number + 1, f"The end is missing: on {written} the chain had {missing} entries.")
    return Verdict(number, before)


def _fault(record: ChainRecord, number: int, before: bytes, anchor: Anchor | None) -> str:
    if record.number != number:
        return f"Entry {number} is missing; the next one is {record.number}."
    if record.previous_hash != before:
        return f"Entry {number} does not follow the entry before it."
    if record.entry_hash != record.expected_hash():
        return f"Entry {number} was changed."
    if anchor is not None and anchor.entry_hash != record.entry_hash:
        return f"Entry {number} differs from what was written down on {anchor.anchored_at:%Y-%m-%d}."
    return ""
