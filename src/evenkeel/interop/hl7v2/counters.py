"""What the listener has seen since it started, for a status page. No patient data in it."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_MAX_PEERS = 256
_MAX_DEVICES = 256
OTHERS = "others"


@dataclass(frozen=True)
class DeviceHeard:
    """The last message of one device."""

    name: str
    peer: str
    at: datetime
    clock_offset_s: float | None
    bed: str


@dataclass
class Counters:
    """Counts since the start. ``refused`` holds a bounded number of addresses, then ``others``."""

    connections: int = 0
    open_connections: int = 0
    over_capacity: int = 0
    silent_dropped: int = 0
    partial_dropped: int = 0
    deaf_dropped: int = 0
    connection_errors: int = 0
    messages: int = 0
    empty: int = 0
    noise_bytes: int = 0
    unfinished: int = 0
    oversize: int = 0
    sink_failures: int = 0
    last_message_at: datetime | None = None
    refused: Counter[str] = field(default_factory=Counter)
    malformed: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    devices: OrderedDict[str, DeviceHeard] = field(default_factory=OrderedDict)

    def refuse(self, peer: str) -> None:
        """Count a connection from a machine that is not listed."""
        known = peer in self.refused or len(self.refused) < _MAX_PEERS
        self.refused[peer if known else OTHERS] += 1

    def heard(self, device_key: str, heard: DeviceHeard) -> None:
        """Remember the last message of a device; the longest silent is forgotten first."""
        self.devices.pop(device_key, None)
        self.devices[device_key] = heard
        while len(self.devices) > _MAX_DEVICES:
            self.devices.popitem(last=False)

    def snapshot(self) -> dict[str, Any]:
        """A copy by name; ``devices`` maps a device key to its :class:`DeviceHeard`."""
        plain: dict[str, Any] = {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, int) or value is None or isinstance(value, datetime)
        }
        for name in ("refused", "malformed", "outcomes", "answers", "devices"):
            plain[name] = dict(getattr(self, name))
        return plain
