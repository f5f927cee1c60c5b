"""The synchronous entry: every page and command."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
application = get_wsgi_application()
