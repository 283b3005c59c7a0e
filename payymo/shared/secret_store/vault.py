"""HashiCorp Vault: one entry of a version 2 key-value engine, with a field for each secret. Needs `hvac`.

The token comes from a file that somebody else keeps fresh (Vault's agent), or by AppRole; a token of our own is renewed
before it ends, and made anew when Vault does not take it any more.
Source: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from payymo.shared.secret_store.base import SecretMissing, SecretUnreadable, field

_TIMEOUT = (3.0, 5.0)


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """Where Vault is, which entry holds the secrets, and how to sign in: a token's file, or a role and its file."""

    address: str
    path: str = "payymo"
    mount: str = "secret"
    namespace: str = ""
    token_file: str = ""
    role_id: str = ""
    secret_id_file: str = ""
    authority_file: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ValueError("the address of Vault must begin with https://; http:// is for an agent on this machine")
        if bool(self.token_file) == bool(self.role_id and self.secret_id_file):
            raise ValueError("Vault needs either a token's file, or a role's id and the file of its secret id")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class VaultBackend:
    """Implements `Backend` on Vault."""

    is_live = True

    def __init__(self, place: VaultPlace, *, clock: Callable[[], float] = time.monotonic) -> None:
        import hvac

        self._errors = hvac.exceptions
        self._place = place
        self._clock = clock
        self._client: Any = hvac.Client(
            url=place.address,
            namespace=place.namespace or None,
            verify=place.authority_file or True,
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
        # Neither a proxy nor a password of the environment has a say in where a token is sent.
        self._client.session.trust_env = False
        self._client.token = None
        self._renew_at = self._dead_at = 0.0

    def __repr__(self) -> str:
        return f"VaultBackend({self._place.address})"

    def read(self, name: str) -> str:
        """Return the field of the entry."""
        place = f"Vault's {self._place.mount}/{self._place.path}"
        try:
            answer = self._entry(name)
            held = answer["data"]["data"] if isinstance(answer, dict) else None
        except self._errors.InvalidPath:
            raise SecretMissing(name, f"{place} does not exist, or was deleted.") from None
        except self._errors.Forbidden:
            raise SecretUnreadable(name, f"Vault does not let us read {place}; check token and policy.") from None
        except self._errors.VaultDown:
            raise SecretUnreadable(name, "Vault is sealed or not ready.") from None
        except (self._errors.VaultError, OSError) as error:
            raise SecretUnreadable(name, f"Vault refuses us or does not answer ({type(error).__name__}).") from None
        except (KeyError, TypeError, ValueError):
            raise SecretUnreadable(name, "Vault's answer is not one of a version 2 key-value engine.") from None
        return field(name, held, place=place)

    def _entry(self, name: str) -> Any:
        fresh = self._sign_in(name)
        try:
            return self._ask()
        except self._errors.Forbidden:
            if fresh:
                raise
            # The token was revoked, or ended while nobody asked.
            self._client.token = None
            self._sign_in(name)
            return self._ask()

    def _ask(self) -> Any:
        return self._client.secrets.kv.v2.read_secret_version(
            path=self._place.path, mount_point=self._place.mount, raise_on_deleted_version=True
        )

    def _sign_in(self, name: str) -> bool:
        """Have a token that should be good; return whether it was made just now."""
        if self._place.token_file:
            before, self._client.token = self._client.token, self._file(name, self._place.token_file)
            return bool(before != self._client.token)
        now = self._clock()
        if self._client.token and now < self._renew_at:
            return False
        if self._client.token and now < self._dead_at and self._renewed(now):
            return False
        self._client.token = None
        made = self._client.auth.approle.login(
            role_id=self._place.role_id, secret_id=self._file(name, self._place.secret_id_file), use_token=True
        )
        self._note(made, now)
        return True

    def _renewed(self, now: float) -> bool:
        try:
            self._note(self._client.auth.token.renew_self(), now)
        except self._errors.VaultError:
            return False
        return True

    def _note(self, answer: Any, now: float) -> None:
        seconds = float(answer["auth"]["lease_duration"])
        # A lease of 0 never ends.
        self._dead_at = now + seconds if seconds else float("inf")
        self._renew_at = now + seconds / 2 if seconds else float("inf")

    @staticmethod
    def _file(name: str, path: str) -> str:
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SecretUnreadable(name, f"what signs us in to Vault cannot be read from {path}.") from None
        if not text:
            raise SecretUnreadable(name, f"what signs us in to Vault is empty in {path}.")
        return text
