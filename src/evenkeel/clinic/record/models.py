"""The append-only base of every clinical row: versions, the audit chain, replayed answers."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, NoReturn

from django.db import models

from evenkeel.clinic.record import current
from evenkeel.clinic.record.errors import RecordError


class GuardedQuerySet(models.QuerySet[Any]):
    """Refuses every way to change clinical rows that would go round the chain."""

    def _refuse(self, how: str) -> NoReturn:
        raise RecordError(f"{self.model.__name__}.{how} would bypass the record; use an action")

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused."""
        self._refuse("update")

    def delete(self) -> NoReturn:
        """Refused."""
        self._refuse("delete")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        self._refuse("bulk_create")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        self._refuse("bulk_update")


class Guarded(models.Model):
    """A row that only an act may write, and nobody may delete."""

    objects: ClassVar[Any] = GuardedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; only :class:`~evenkeel.clinic.record.act.Act` may call this."""
        if not current.may_save(self):
            raise RecordError(f"{type(self).__name__} was saved outside an action")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: what happened stays."""
        raise RecordError(f"{type(self).__name__} rows are never deleted")


class Record(Guarded):
    """A clinical row that has a current state and keeps every earlier one.

    ``site`` is the site it belongs to. ``version`` counts from 1; each version's state
    stands in the payload of the chain entry that wrote it.
    """

    #: Columns that came with a later migration. They allow NULL, and while one is NULL it is not
    #: part of a row's state, so that what was written before the column was there still verifies.
    added_later: ClassVar[frozenset[str]] = frozenset()

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # By name only: this app knows no other, but every clinical row belongs to a site.
    site = models.ForeignKey("people.Site", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=64)

    class Meta:
        abstract = True

    @property
    def patient_ref(self) -> uuid.UUID | None:
        """The patient this row is about; the audit names it, a patient's access follows it."""
        return getattr(self, "patient_id", None)


class Appended(Guarded):
    """A clinical row that is written once. ``position`` is the chain entry that wrote it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey("people.Site", on_delete=models.PROTECT, related_name="+")
    position = models.BigIntegerField(db_index=True)

    class Meta:
        abstract = True

    @property
    def patient_ref(self) -> uuid.UUID | None:
        """The patient this row is about."""
        return getattr(self, "patient_id", None)


class ChainEntry(models.Model):
    """One link of the installation's audit chain. Positions have no gaps and are commit order."""

    position = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField(db_index=True)
    happened_at = models.DateTimeField(null=True)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    outcome = models.CharField(max_length=12, default="done")
    site_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    subject = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True)
    via = models.CharField(max_length=20, blank=True)
    payload_digest = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "position"], name="chain_patient"),
            models.Index(fields=["actor_id", "position"], name="chain_actor"),
        ]


class ChainPayload(models.Model):
    """What an entry says beyond its own columns; salted, so it can be erased lawfully."""

    position = models.BigIntegerField(primary_key=True)
    salt = models.CharField(max_length=32)
    body = models.TextField()


class Version(models.Model):
    """Which entry wrote which version of which row."""

    kind = models.CharField(max_length=40)
    object_id = models.UUIDField()
    version = models.PositiveIntegerField()
    position = models.BigIntegerField(db_index=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id", "version"], name="one_version")
        ]


class IdempotentReply(models.Model):
    """The stored answer to a request that carried a key, replayed when the request comes again."""

    key = models.CharField(max_length=120, primary_key=True)
    actor_id = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    reply = models.JSONField()
    recorded_at = models.DateTimeField(db_index=True)


class Heartbeat(models.Model):
    """The last sign of life of a process that others depend on."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    detail = models.JSONField(default=dict)


class Installation(models.Model):
    """The one row that says whose clinic this is, and for ever whether it is a demonstration."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    organisation = models.CharField(max_length=200, blank=True)
    demo = models.BooleanField(default=False)
    demo_seed = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    set_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_installation")]
