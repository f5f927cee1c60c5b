"""The product's settings with SQLite told to save time: every process must refuse them."""

from evenkeel.config.settings import *  # noqa: F403
from evenkeel.config.settings import DATABASES

_options = DATABASES["default"]["OPTIONS"]
_options["init_command"] = _options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
