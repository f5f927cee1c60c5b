"""Settings of a server that a test starts: the tests' own, on the database of that very test."""

import os

_clock = os.environ["EVENKEEL_CLOCK"]

from tests.settings import *  # noqa: E402, F403
from tests.settings import DATABASES  # noqa: E402

os.environ["EVENKEEL_CLOCK"] = _clock
DATABASES["default"]["NAME"] = os.environ["EVENKEEL_SERVED_DATABASE"]
