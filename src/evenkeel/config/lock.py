"""One process at a time may serve, or change, an installation."""

from __future__ import annotations

import fcntl
import os
from types import TracebackType

from evenkeel.config.instance import ConfigurationError, Instance


class InstanceLock:
    """Held while serving or upgrading; the kernel drops it when the process ends, however it ends.

    Raises :class:`ConfigurationError` where another process holds it.
    """

    def __init__(self, instance: Instance, purpose: str) -> None:
        self.path = instance.home / "lock"
        self.purpose = purpose
        self.handle: int | None = None

    def __enter__(self) -> InstanceLock:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 200).decode("utf-8", "replace").strip() or "another process"
            os.close(handle)
            raise ConfigurationError(
                f"this installation is in use ({holder}); stop that first, then {self.purpose}"
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{self.purpose}, process {os.getpid()}".encode())
        self.handle = handle
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.handle is not None:
            os.close(self.handle)
