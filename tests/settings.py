"""Settings of the tests: the product's own, on a database and a home folder of their own."""

import os
import tempfile

os.environ.setdefault("EVENKEEL_HOME", tempfile.mkdtemp(prefix="evenkeel-test-"))
os.environ.pop("EVENKEEL_CLOCK", None)

from evenkeel.config.settings import *  # noqa: F403
from evenkeel.config.settings import INSTANCE

#: Argon2 as it is in production takes 50 ms a hash; the tests make hundreds of accounts.
PASSWORD_HASHERS = ["tests.fast_hasher.FastArgon2"]
DATABASES = INSTANCE.databases()
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(INSTANCE.home / "test.sqlite3")}
