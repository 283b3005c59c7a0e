"""The database of a run: `python -m tests.database FOLDER` makes it beside the workers, who copy it.

Migrating takes longer than a worker needs to collect its tests, and three that migrate at once take three times that.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection

PASSWORD = "correct horse battery"
FOLDER = "PAYYMO_DATABASE_OF_THE_RUN"
_MADE, _SAID = "made", "said"
_LONGEST_WAIT = 600
CHECKOUT = Path(__file__).resolve().parent.parent


def make() -> str:
    """Make the test database with the tenants and their people, and return its name."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    _create_tenants()
    return name


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Begin to make it in a process of its own, and let the workers know where to look for it."""
    os.environ[FOLDER] = str(folder)
    with (folder / _SAID).open("wb") as said:
        command = [sys.executable, "-m", "tests.database", str(folder)]
        return subprocess.Popen(command, cwd=CHECKOUT, stdout=said, stderr=said)


def copy(worker: str) -> None:
    """Work on a copy of it from here on; waits until it is made.

    Raises: RuntimeError with what was said when it could not be made.
    """
    connection.settings_dict["NAME"] = _wait(Path(os.environ[FOLDER]))
    connection.creation.clone_test_db(suffix=worker, verbosity=0, autoclobber=True)
    connection.close()
    connection.settings_dict.update(connection.creation.get_test_db_clone_settings(worker))


def _wait(folder: Path) -> str:
    made, end = folder / _MADE, time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < end:
        if made.exists():
            if name := made.read_text():
                return name
            break
        time.sleep(0.1)
    raise RuntimeError(f"The test database was not made: {(folder / _SAID).read_text()[-4000:]}")


def _create_tenants() -> None:
    from accounts.models import Membership, Role, User
    from accounts.permissions import sync_builtin_roles
    from tenants.models import Tenant
    from tenants.services import roles
    from tenants.services.provisioning import create_tenant

    connection.set_schema_to_public()
    roles.grant("public")
    sync_builtin_roles()
    for slug, host in (("acme", "acme.localhost"), ("globex", "globex.localhost")):
        if Tenant.objects.filter(slug=slug).exists():
            continue
        tenant = create_tenant(slug=slug, name=slug.title(), domain=host)
        for role in ("owner", "admin", "reviewer", "viewer"):
            user = User.objects.create_user(f"{role}@{slug}.example", PASSWORD, name=role.title())
            Membership.objects.create(
                user=user, tenant=tenant, role=Role.objects.get(code=role, tenant=None), is_active=True
            )
    if not User.objects.filter(email="staff@payymo.example").exists():
        User.objects.create_superuser("staff@payymo.example", PASSWORD)
    connection.set_schema_to_public()


def main(folder: Path) -> None:
    """Make it, and leave its name; an empty one says that it could not be made."""
    import django

    name = ""
    try:
        django.setup()
        name = make()
        connection.close()
    finally:
        part = folder / f"{_MADE}.part"
        part.write_text(name)
        part.rename(folder / _MADE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
