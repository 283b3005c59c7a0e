"""The WSGI entry point: `gunicorn payymo.wsgi`."""

import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")
os.environ.setdefault("PAYYMO_PROCESS", "web")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs the environment

from tenants.startup import refuse_unsafe_start  # noqa: E402 - needs the apps

refuse_unsafe_start()

for urls in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF):
    import_module(urls)
# What is loaded by now stays for good. Looking through it again took the collector a tenth of a second each time, in
# the middle of somebody's request.
gc.collect()
gc.freeze()
