"""JSON log lines: an allowlist of fields, so that no name or key slips in as an extra, and redacted texts."""

import contextvars
import json
import logging
from datetime import UTC, datetime

from payymo.shared.redaction import describe_error, redact

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
tenant_id: contextvars.ContextVar[str] = contextvars.ContextVar("tenant_id", default="")

_FIELDS = (
    "event", "tenant", "actor", "task", "posting", "transaction", "connection", "account", "provider", "reason",
    "status", "count", "attempt", "seconds", "session", "address",
)  # fmt: skip


class JsonFormatter(logging.Formatter):
    """One JSON object a line, UTC, line breaks escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if request_id.get():
            entry["request_id"] = request_id.get()
        if tenant_id.get():
            entry["tenant"] = tenant_id.get()
        entry.update({name: redact(str(getattr(record, name))) for name in _FIELDS if hasattr(record, name)})
        if record.exc_info:
            entry["exception"] = describe_error(record.exc_info[1])
        # Every character beyond ASCII is escaped: some of them end a line too.
        return json.dumps(entry)
