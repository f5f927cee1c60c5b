"""The curtain before a demonstration: the pages load behind it while the scene is being set."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_NAME: Final = "curtain.json"
_LOOK_EVERY_S: Final = 0.05


def path_in(home: Path) -> Path:
    """The file that lies in the demonstration's folder from the moment the scene is set."""
    return home / _NAME


def open_in(home: Path, environment: Mapping[str, str]) -> None:
    """Say that the scene is set, and by which clock it runs; whole or not at all."""
    whole = path_in(home).with_suffix(".new")
    whole.write_text(json.dumps(dict(environment)))
    whole.replace(path_in(home))


def wait_in(home: Path) -> None:
    """Return once the scene is set, this process's environment being that of the scene."""
    path = path_in(home)
    while not path.exists():
        time.sleep(_LOOK_EVERY_S)
    os.environ.update(json.loads(path.read_text()))
