"""What a page process of a demonstration loads: everything first, and then it waits for the scene.

Loading takes about as long as setting the scene, so that the two side by side halve the wait of a
first visitor. Who knocks before stands in the queue of the port and is answered after.
"""

from __future__ import annotations

import os
from pathlib import Path

from evenkeel.config.instance import HOME_VARIABLE
from evenkeel.config.pages import application
from evenkeel.demo import curtain

from django.urls import get_resolver  # isort: skip - after the set-up

_ = get_resolver().url_patterns
curtain.wait_in(Path(os.environ[HOME_VARIABLE]))

__all__ = ["application"]
