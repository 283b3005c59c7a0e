"""Who may call what, read from the code: every route of a tenant's host, what it asks for, and which roles hold it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver

from accounts.permissions import BUILTIN_ROLES, LIMITED, PERMISSIONS

_READING = ("get",)
_WRITING = ("post", "put", "patch", "delete")
_HEAD = (
    "# Who may call what\n\n"
    "Written by `make openapi` from the code; a test compares the two. A stranger gets 404 on pages and 401 on the API "
    "whatever is asked; a colleague without the permission gets 403. *limited* says whether it is left to somebody who "
    "sees some bank accounts only. *again* asks for a password or second factor of the last 15 minutes. Roles of a "
    "tenant's own hold what their owner gave them, never more than the owner holds.\n"
)


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """One method of one route. `needs` is a codename, or says in words who may."""

    path: str
    method: str
    needs: str
    again: bool = False


def operations() -> list[Operation]:
    """Return every operation of a tenant's host, by path and method."""
    return sorted(_of_patterns(get_resolver("payymo.urls").url_patterns, "/"))


def _of_patterns(patterns: list[Any], before: str) -> Iterator[Operation]:
    for entry in patterns:
        path = before + str(entry.pattern)
        if not isinstance(entry, URLPattern):
            yield from _of_patterns(entry.url_patterns, path)
            continue
        shown = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
        view_class = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None)
        yield from _of_class(shown, view_class) if view_class is not None else _of_page(shown, entry.callback)


def _of_class(path: str, view_class: Any) -> Iterator[Operation]:
    rules = list(getattr(view_class, "permission_classes", ()))
    for method in (*_READING, *_WRITING):
        if not hasattr(view_class, method):
            continue
        needs, again = "a signature of the provider", False
        for rule in rules:
            needs = _needed(rule, method)
            again = getattr(rule, "asks_again", False) and method not in _READING
        yield Operation(path, method.upper(), needs, again)


def _needed(rule: Any, method: str) -> str:
    if hasattr(rule, "reads"):
        return str(rule.reads if method in _READING else rule.writes)
    return {"AllowAny": "anybody", "IsPerson": "any member, no key"}.get(rule.__name__, "any member")


def _of_page(path: str, view: Any) -> Iterator[Operation]:
    guard: tuple[str, bool] | None = getattr(view, "guard", None)
    if guard is None:
        yield Operation(path, "PAGE", "anybody")
        return
    codename, again = guard
    yield Operation(path, "PAGE", codename or "any member", again)


def table() -> str:
    """Write both tables as Markdown: permissions by role, and operations by permission."""
    roles = list(BUILTIN_ROLES)
    lines = [_HEAD, "## Permissions", "", f"| permission | allows | {' | '.join(roles)} | limited |"]
    lines.append("|" + "---|" * (len(roles) + 3))
    for codename, sentence in PERMISSIONS.items():
        held = " | ".join("yes" if codename in BUILTIN_ROLES[role] else "" for role in roles)
        lines.append(f"| `{codename}` | {sentence} | {held} | {'yes' if codename in LIMITED else ''} |")
    lines += ["", "## Operations", "", "PAGE is every method that a page answers.", ""]
    lines += ["| operation | needs | roles | again |", "|---|---|---|---|"]
    for each in operations():
        holding = ", ".join(role for role in roles if each.needs in BUILTIN_ROLES[role])
        needs = f"`{each.needs}`" if each.needs in PERMISSIONS else each.needs
        lines.append(f"| {each.method} `{each.path}` | {needs} | {holding} | {'yes' if each.again else ''} |")
    return "\n".join(lines) + "\n"
