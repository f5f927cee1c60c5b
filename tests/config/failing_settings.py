"""The product's settings with an app whose migration fails."""

from evenkeel.config.settings import *  # noqa: F403
from evenkeel.config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.config.failing_app"]
