"""JSON log lines with an allowlist of fields, so that a name or a key cannot slip in as an extra."""

import contextvars
import json
import logging
from datetime import UTC, datetime

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
            "message": record.getMessage(),
        }
        if request_id.get():
            entry["request_id"] = request_id.get()
        if tenant_id.get():
            entry["tenant"] = tenant_id.get()
        entry.update({name: str(getattr(record, name)) for name in _FIELDS if hasattr(record, name)})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
