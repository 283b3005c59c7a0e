"""Settings of the commands that read files only: no database, no broker, and secrets that live as long as the process.

`manage.py match_files`, `compile_core` and `import_statement --dry-run` use them on a checkout that was never set up.
"""

import base64
import os
import secrets

os.environ["PAYYMO_MODE"] = "test"
os.environ["SECRET_KEY"] = secrets.token_urlsafe(64)
os.environ["PAYYMO_MASTER_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
os.environ["DATABASE_URL"] = "postgres://nobody@127.0.0.1:9/none"
os.environ["REDIS_URL"] = "redis://127.0.0.1:9/0"

from payymo.settings import *  # noqa: F403
