"""Who is looking: each stream has a bounded buffer; one that does not keep up is let go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from evenkeel.live.frames import Frame

#: Frames a stream may lag behind before it is closed; it comes back with Last-Event-ID.
BUFFER: int = 1024


@dataclass(eq=False)
class Subscription:
    """One open stream. ``wants`` says which frames are for it."""

    wants: Callable[[Frame], bool]
    limit: int = BUFFER
    pending: list[Frame] = field(default_factory=list)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False

    def offer(self, frame: Frame) -> None:
        """Add a frame, or mark the stream as too slow."""
        if self.lost or not self.wants(frame):
            return
        if len(self.pending) >= self.limit:
            self.lost = True
            self.pending.clear()
        else:
            self.pending.append(frame)
        self.woken.set()

    async def take(self, timeout_s: float) -> list[Frame]:
        """What has come, waiting up to ``timeout_s``; empty after that long or when lost."""
        if not self.pending and not self.lost:
            try:
                async with asyncio.timeout(max(0.0, timeout_s)):
                    await self.woken.wait()
            except TimeoutError:
                return []
        taken, self.pending = self.pending, []
        self.woken.clear()
        return taken


class Hub:
    """The open streams of one process. Used only from its event loop."""

    def __init__(self) -> None:
        self._open: set[Subscription] = set()
        self.closing = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, subscription: Subscription) -> None:
        """Begin to send frames to a stream."""
        self._open.add(subscription)

    def drop(self, subscription: Subscription) -> None:
        """End a stream."""
        self._open.discard(subscription)

    def publish(self, frames: Iterable[Frame]) -> None:
        """Offer frames to every stream."""
        for frame in frames:
            for subscription in self._open:
                subscription.offer(frame)

    def close(self) -> None:
        """End every stream soon: the process is going down."""
        self.closing.set()
        for subscription in self._open:
            subscription.woken.set()
