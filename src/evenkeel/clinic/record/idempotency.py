"""A request that comes twice is done once, and gets the same answer twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evenkeel.clinic.record.act import Context, together
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Conflict, Invalid
from evenkeel.clinic.record.models import IdempotentReply
from evenkeel.clinic.record.prepared import find_row, insert_row

MAX_KEY_LENGTH = 80


def once(ctx: Context, key: str, body: Any, do: Callable[[], Any]) -> tuple[Any, bool]:
    """Run ``do`` unless this actor's ``key`` was answered before; returns (reply, replayed).

    ``do`` must return JSON-safe data. The reply is stored in the transaction of the act itself,
    and the writer's lock makes a concurrent twin wait and then find it. Raises ``Conflict`` where
    the key comes back with another body.
    """
    if not key or len(key) > MAX_KEY_LENGTH:
        raise Invalid(
            "The request's key is missing or too long.",
            what_to_do=f"Send an Idempotency-Key of 1 to {MAX_KEY_LENGTH} characters.",
        )
    full_key = f"{ctx.actor.id[:38]}:{key}"
    body_digest = digest(canonical(body))
    with together():
        stored = find_row(IdempotentReply, full_key)
        if stored is not None:
            if stored.body_digest != body_digest:
                raise Conflict(
                    "This key was already used for a different request.",
                    what_to_do="Reload the page and enter it again.",
                    code="key_reused",
                )
            return stored.reply, True
        reply = do()
        insert_row(
            IdempotentReply(
                key=full_key,
                actor_id=ctx.actor.id,
                body_digest=body_digest,
                reply=reply,
                recorded_at=ctx.clock.now(),
            )
        )
        return reply, False
