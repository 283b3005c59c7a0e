"""Form and query parameters with bracket keys, as PHP and Stripe nest them."""

import re
from collections.abc import Iterable
from typing import Any

KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return `a[b]=1`, `c[]=2` and `c[0]=2` as nested dicts and lists; a later plain key replaces an earlier one."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        found = KEY.match(key)
        if found is None:
            made[key] = value
            continue
        _put(made, found[1], re.findall(r"\[([^\[\]]*)\]", found[2]), value)
    return {key: _listed(value) for key, value in made.items()}


def _put(target: dict[str, Any], key: str, path: list[str], value: str) -> None:
    if not path:
        target[key] = value
        return
    inner = target.get(key)
    if not isinstance(inner, dict):
        inner = target[key] = {}
    step = path[0] or str(len(inner))
    _put(inner, step, path[1:], value)


def _listed(value: Any) -> Any:
    """Turn dicts whose keys are indexes into lists."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(one) for key, one in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
