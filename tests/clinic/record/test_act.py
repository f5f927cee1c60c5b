"""Actions: permission, transaction, effect and audit entry stand together."""

from __future__ import annotations

import pytest

from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.chain import state_digest, verify_links
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, RecordError
from evenkeel.clinic.record.idempotency import once
from evenkeel.clinic.record.models import ChainEntry, ChainPayload, Version
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


@action("test.two_chairs", permission="setup.manage")
def two_chairs(act: Act, ctx: Context, site_id: object, second_name: str) -> None:
    add_chair(ctx, site_id=site_id, name="Chair 8")
    add_chair(ctx, site_id=site_id, name=second_name)


def test_each_act_leaves_one_entry_whose_version_digest_is_the_row(clinic: Clinic) -> None:
    before = ChainEntry.objects.count()
    chair = add_chair(clinic.as_("administrator"), site_id=clinic.site.pk, name="Chair 9")
    entry = ChainEntry.objects.latest("position")
    assert ChainEntry.objects.count() == before + 1
    assert (entry.action, entry.site_id) == ("chair.add", clinic.site.pk)
    version = Version.objects.get(object_id=chair.pk)
    assert version.digest == state_digest(Chair.objects.get(pk=chair.pk))
    assert version.position == entry.position
    assert verify_links().whole


def test_a_role_without_permission_changes_nothing_and_is_noted(clinic: Clinic) -> None:
    with pytest.raises(Forbidden):
        add_chair(clinic.as_("therapist"), site_id=clinic.site.pk, name="Chair 9")
    entry = ChainEntry.objects.latest("position")
    assert (entry.action, entry.outcome) == ("chair.add", "refused")
    assert not Chair.objects.filter(name="Chair 9").exists()


def test_another_site_looks_like_nothing_at_all(clinic: Clinic) -> None:
    with pytest.raises(NotFound):
        add_chair(clinic.as_("administrator"), site_id=clinic.other_site.pk, name="Chair 9")
    with pytest.raises(NotFound):
        open_record(
            clinic.as_("prescriber_elsewhere"),
            Chair,
            clinic.chairs[0].pk,
            permission="board.view",
            what="chair",
        )
    assert ChainEntry.objects.latest("position").outcome == "refused"


@pytest.mark.parametrize("key", ["", "x", "12", "../../etc", "0" * 32, None])
def test_a_key_that_is_no_key_is_not_found(clinic: Clinic, key: object) -> None:
    with pytest.raises(NotFound):
        open_record(clinic.as_("prescriber"), Chair, key, permission="board.view", what="chair")


def test_rows_cannot_be_touched_outside_an_action(clinic: Clinic) -> None:
    chair = clinic.chairs[0]
    chair.name = "Throne"
    for attempt in (
        chair.save,
        chair.delete,
        lambda: Chair.objects.filter(pk=chair.pk).update(name="Throne"),
        lambda: Chair.objects.all().delete(),
        lambda: Chair.objects.bulk_create([Chair(name="x")]),
        lambda: Chair.objects.bulk_update([chair], ["name"]),
    ):
        with pytest.raises(RecordError):
            attempt()
    assert Chair.objects.get(pk=chair.pk).name == "Chair 1"


def test_acts_inside_an_act_commit_together_and_stand_in_order(clinic: Clinic) -> None:
    ctx = clinic.as_("administrator")
    two_chairs(ctx, ctx, clinic.site.pk, "Chair 9")
    newest = list(ChainEntry.objects.order_by("-position")[:3])
    assert [e.action for e in newest] == ["chair.add", "chair.add", "test.two_chairs"]
    with pytest.raises(Invalid):
        two_chairs(ctx, ctx, clinic.site.pk, "Chair 9")
    assert not Chair.objects.filter(name="Chair 8", version__gt=1).exists()
    assert Chair.objects.filter(name="Chair 8").count() == 1
    assert verify_links().whole


def test_a_key_is_answered_once_and_replayed(clinic: Clinic) -> None:
    ctx = clinic.as_("administrator")

    def add() -> dict[str, str]:
        return {"id": str(add_chair(ctx, site_id=clinic.site.pk, name="Chair 9").pk)}

    first, replayed = once(ctx, "k1", {"name": "Chair 9"}, add)
    again, replayed_again = once(ctx, "k1", {"name": "Chair 9"}, add)
    assert (first, replayed, replayed_again) == (again, False, True)
    assert Chair.objects.filter(name="Chair 9").count() == 1
    with pytest.raises(Conflict) as raised:
        once(ctx, "k1", {"name": "Chair 10"}, add)
    assert raised.value.code == "key_reused"
    other, replayed = once(clinic.as_("medical_director"), "k1", {"n": 1}, lambda: {"id": "x"})
    assert (other, replayed) == ({"id": "x"}, False)


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda e: ChainEntry.objects.filter(pk=e.pk).update(actor_name="Nobody"), "was changed"),
        (lambda e: ChainEntry.objects.filter(pk=e.pk).delete(), "missing"),
        (lambda e: ChainPayload.objects.filter(pk=e.pk).update(body="{}"), "payload"),
        (lambda e: ChainPayload.objects.filter(pk=e.pk).delete(), "lost its payload"),
    ],
    ids=["edited", "removed", "payload edited", "payload removed"],
)
def test_tampering_is_found_and_placed(clinic: Clinic, tamper: object, said: str) -> None:
    entry = ChainEntry.objects.order_by("position")[3]
    tamper(entry)
    found = verify_links()
    assert not found.whole
    assert any(said in b.what for b in found.breaks)
    assert {b.position for b in found.breaks} <= {entry.position, entry.position + 1}
