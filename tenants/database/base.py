"""The connection to PostgreSQL. It changes nothing about which schema a statement runs in, only how often that is said.

django-tenants says it before every statement, which is a second round trip each time; its own limit on that trusts what
the client remembers, which a rollback can make wrong. From version 18 on the server reports its search path after every
statement, rollbacks and failed commits included, so what it reported last is asked instead. An older server reports
nothing, and is told every time.
"""

from typing import Any

from django_tenants.postgresql_backend import base


class DatabaseWrapper(base.DatabaseWrapper):
    """See the module."""

    def _handle_search_path(self, cursor: Any = None) -> None:
        if not self._setting_search_path and self.reported_search_path() == ", ".join(self._get_cursor_search_paths()):
            return
        super()._handle_search_path(cursor)

    def reported_search_path(self) -> str | None:
        """Return the search path as the server reported it last, or None from a server that does not report it.

        A name that would need quotes comes with them, equals none of ours, and so is said every time.
        """
        return self.connection.get_parameter_status("search_path") if self.connection is not None else None
