"""The WSGI entry point: `gunicorn payymo.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")
os.environ.setdefault("PAYYMO_PROCESS", "web")
application = get_wsgi_application()

from tenants.startup import refuse_unsafe_start  # noqa: E402 - needs the apps

refuse_unsafe_start()
