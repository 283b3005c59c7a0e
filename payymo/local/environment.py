"""The environment variables that Payymo's processes are given, and the file that keeps them for `run`."""

import base64
import os
import secrets
import shlex
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from payymo.local import postgres, valkey
from payymo.local.errors import LocalError
from payymo.local.home import CHECKOUT, Home, write_private
from payymo.local.ports import LOOPBACK
from payymo.sandbox.world import STRIPE_PLATFORM


def product_variables(
    home: Home, *, mode: str, postgres_port: int, valkey_port: int, sandbox_port: int | None, web_port: int
) -> dict[str, str]:
    """Return what `payymo.settings` reads, with secrets made once in this home."""
    variables = {
        "PAYYMO_MODE": mode,
        "PAYYMO_HOME": str(home.root),
        "SECRET_KEY": home.secret("secret_key", secrets.token_urlsafe(64)),
        "PAYYMO_MASTER_KEY": home.secret("master_key", base64.b64encode(secrets.token_bytes(32)).decode()),
        "DATABASE_URL": postgres.app_url(home, postgres_port),
        "PAYYMO_OWNER_DATABASE_URL": postgres.url(home, postgres_port),
        "REDIS_URL": valkey.url(home, valkey_port),
        "PAYYMO_PORT": str(web_port),
        "PAYYMO_PUBLIC_PORT": str(web_port),
        "PAYYMO_STATIC_ROOT": str(home.root / "static"),
    }
    if mode == "demo":
        variables |= _licences(home)
    if sandbox_port is not None:
        sandbox = f"http://{LOOPBACK}:{sandbox_port}"
        variables |= {
            "PAYYMO_SANDBOX_URL": sandbox,
            "PAYYMO_SANDBOX_PORT": str(sandbox_port),
            "PAYYMO_GOCARDLESS_URL": f"{sandbox}/gocardless/api/v2/",
            "PAYYMO_ENABLE_BANKING_URL": f"{sandbox}/enable-banking",
            "PAYYMO_GOCARDLESS_PAYMENTS_URL": sandbox,
            "PAYYMO_GOCARDLESS_PAYMENTS_SANDBOX_URL": sandbox,
            "PAYYMO_STRIPE_URL": f"{sandbox}/stripe",
            "PAYYMO_STRIPE_CONNECT_URL": f"{sandbox}/stripe",
            "PAYYMO_STRIPE_TEST_CLIENT_ID": STRIPE_PLATFORM.client_id,
            "PAYYMO_STRIPE_TEST_KEY": STRIPE_PLATFORM.secret_key,
            "PAYYMO_STRIPE_TEST_WEBHOOK_SECRET": STRIPE_PLATFORM.webhook_secret,
            "PAYYMO_LOOPBACK_EXCEPTION": f"{LOOPBACK}:{sandbox_port}",
        }
    return variables


def _licences(home: Home) -> dict[str, str]:
    """Return both halves of a key of this home's own, with which the demo issues its licences."""
    seed = base64.b64decode(home.secret("license_seed", base64.b64encode(secrets.token_bytes(32)).decode()))
    private = Ed25519PrivateKey.from_private_bytes(seed)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "PAYYMO_LICENSE_PUBLIC_KEYS": base64.b64encode(private.public_key().public_bytes_raw()).decode(),
        # On one line, as files of variables want it.
        "PAYYMO_LICENSE_PRIVATE_KEY": pem.decode().replace("\n", "\\n"),
    }


def process_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process: this one's, the checkout first on Python's path, and `variables`.

    Bytecode is kept whatever this process was told: parsing everything anew, the libraries too, costs each start three
    seconds of processor time.
    """
    own = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    inherited = {name: value for name, value in os.environ.items() if name not in own}
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    return {**inherited, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **variables}


def as_text(variables: Mapping[str, str]) -> str:
    """Return `variables` in the form that a shell reads (`set -a; . FILE`)."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def keep(home: Home, variables: Mapping[str, str]) -> None:
    """Write the variables of what runs in this home to its `env` file."""
    write_private(home.environment_file, as_text(variables))


def kept(home: Home) -> dict[str, str]:
    """Return the variables of what runs in this home.

    Raises: LocalError when nothing runs there.
    """
    if not home.environment_file.exists() or not home.is_locked():
        raise LocalError(
            f"Nothing runs in {home.root}; start it with `make demo` or `python -m payymo.local services`."
        )
    assignments = shlex.split(home.environment_file.read_text(encoding="utf-8"), comments=True)
    return dict(assignment.split("=", 1) for assignment in assignments)
