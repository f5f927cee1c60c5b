"""``python -m evenkeel.cli`` is the command ``evenkeel``."""

import sys

from evenkeel.cli import main

sys.exit(main())
