"""The WSGI entry point: `gunicorn payymo.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")
application = get_wsgi_application()
