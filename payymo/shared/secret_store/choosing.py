"""Which store an installation uses, by its settings."""

from collections.abc import Mapping
from pathlib import Path

from payymo.shared.secret_store.aws import AwsBackend
from payymo.shared.secret_store.base import Backend
from payymo.shared.secret_store.environment import EnvironmentBackend
from payymo.shared.secret_store.files import DOCKER_DIRECTORY, FileBackend
from payymo.shared.secret_store.store import SecretStore
from payymo.shared.secret_store.vault import VaultBackend, VaultPlace

KINDS = ("environment", "files", "vault", "aws")


class UnusableStore(Exception):
    """The settings of the store are incomplete or contradict each other."""


def open_store(variables: Mapping[str, str]) -> SecretStore:
    """Open the store that `PAYYMO_SECRETS` names; nothing is read from it yet.

    Raises: UnusableStore.
    """
    try:
        return SecretStore(
            _backend(variables),
            fresh_seconds=_seconds(variables, "PAYYMO_SECRETS_FRESH_SECONDS", 60),
            usable_seconds=_seconds(variables, "PAYYMO_SECRETS_USABLE_SECONDS", 900),
        )
    except ImportError as error:
        raise UnusableStore(f"{error.name} is not installed: pip install -r requirements-stores.txt") from error
    except ValueError as error:
        raise UnusableStore(str(error)) from error


def _backend(variables: Mapping[str, str]) -> Backend:
    kind = variables.get("PAYYMO_SECRETS", "") or "environment"
    if kind == "environment":
        return EnvironmentBackend(variables)
    if kind == "files":
        named = variables.get("PAYYMO_SECRETS_DIR", "") or variables.get("CREDENTIALS_DIRECTORY", "")
        directory = Path(named) if named else DOCKER_DIRECTORY
        return FileBackend(directory, others_may_read=directory == DOCKER_DIRECTORY)
    if kind == "vault":
        return VaultBackend(
            VaultPlace(
                address=variables.get("PAYYMO_VAULT_ADDRESS", ""),
                path=variables.get("PAYYMO_VAULT_PATH", "") or "payymo",
                mount=variables.get("PAYYMO_VAULT_MOUNT", "") or "secret",
                namespace=variables.get("PAYYMO_VAULT_NAMESPACE", ""),
                token_file=variables.get("PAYYMO_VAULT_TOKEN_FILE", ""),
                role_id=variables.get("PAYYMO_VAULT_ROLE_ID", ""),
                secret_id_file=variables.get("PAYYMO_VAULT_SECRET_ID_FILE", ""),
                authority_file=variables.get("PAYYMO_VAULT_CA_FILE", ""),
            )
        )
    if kind == "aws":
        region = variables.get("PAYYMO_AWS_REGION", "")
        if not region:
            raise ValueError("PAYYMO_AWS_REGION is missing")
        return AwsBackend(
            secret_id=variables.get("PAYYMO_AWS_SECRET_ID", "") or "payymo",
            region=region,
            endpoint=variables.get("PAYYMO_AWS_ENDPOINT", ""),
        )
    raise ValueError(f"PAYYMO_SECRETS is {kind!r}; it must be one of {', '.join(KINDS)}")


def _seconds(variables: Mapping[str, str], name: str, usual: float) -> float:
    text = variables.get(name, "") or str(usual)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        raise ValueError(f"{name} must be a number of seconds above 0, at most a day")
    return seconds
