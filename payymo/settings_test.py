"""Settings of the tests and of the static checks: the product's own, with cheap hashing and no build step for files."""

import os

os.environ.setdefault("PAYYMO_MODE", "test")
os.environ.setdefault("SECRET_KEY", "test-only-" * 6)
os.environ.setdefault("PAYYMO_MASTER_KEY", "dGVzdC1vbmx5LXRlc3Qtb25seS10ZXN0LW9ubHktdGU=")
os.environ.setdefault("DATABASE_URL", "postgres://payymo@127.0.0.1:5432/payymo")
# The tests make databases; the processes they start work as the restricted role.
os.environ.setdefault("PAYYMO_AS_OWNER", "1")
# Tests ask far oftener than people; the one that is about it sets its own.
os.environ.setdefault("PAYYMO_API_CALLS_A_MINUTE", "1000000")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")

# Workers of one run share the Valkey server, each in a database of its own; 0 is left to runs without workers.
if worker := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{int(worker) + 1}"

from payymo.settings import *  # noqa: F403
from payymo.settings import DATABASES, STORAGES

# Where a test lets processes wait for each other, as long as a busy machine takes.
if session := os.environ.get("PAYYMO_TEST_SESSION"):
    DATABASES["default"]["OPTIONS"]["options"] = session
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# A test that wants a worker woken names it; others leave no messages behind.
NUDGES: dict[str, str] = {}
# Repeating waits; the tests that are about it say so.
READ_TRIES = 1
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
