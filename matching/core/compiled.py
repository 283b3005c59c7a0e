"""Finds the modules of the core compiled, where `make compiled` has made them from exactly this source.

Source: docs/adr/0037-the-core-may-be-compiled.md
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
BUILDS = Path(sys.prefix) / "payymo-core"
PLAIN = "PAYYMO_PLAIN_CORE"
"""Set to anything, this variable has Python run the source as it stands."""


def fingerprint() -> str:
    """What a build must carry to be of this source and for this Python."""
    seen = sha256(f"{sys.implementation.cache_tag} {sys.platform}".encode())
    for path in sorted(HERE.glob("*.py")):
        seen.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()[:20]


def prefer_compiled(where: list[str]) -> bool:
    """Let the modules of a package be looked for in its build first; False where there is none of this source."""
    if os.environ.get(PLAIN) or not BUILDS.is_dir():
        return False
    build = BUILDS / fingerprint()
    if not build.is_dir():
        return False
    where.insert(0, str(build / "matching" / "core"))
    # All modules are parts of one library, which they look for by its name.
    sys.path.append(str(build))
    return True
