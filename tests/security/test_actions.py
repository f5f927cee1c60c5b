"""Every action that names a row, with the rows of another site and of another patient.

Addresses are one way to name a thing; what is posted is another. Both end as the argument of an
action, so here every action is called with every such argument: taken from the table of actions,
so that a new one, or a new kind of id, fails until it has its row.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from evenkeel.clinic.course.models import Consent, Plan, TouchAgreement
from evenkeel.clinic.people.actions.record_fact import record_fact
from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.people.caller import context_for
from evenkeel.clinic.people.models import Membership
from evenkeel.clinic.record.act import ACTIONS, Actor, Context
from evenkeel.clinic.record.errors import DomainError, Forbidden, NotFound
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.permissions import STAFF_ROLES, Role, roles_for
from tests.clinic.test_permissions import test_every_action_names_a_permission_of_the_table as load
from tests.clinic_factory import Clinic
from tests.kept import kept
from tests.security.world import World, build_world, founder

pytestmark = pytest.mark.django_db

#: Names that are no key of a row of the record.
NO_ROW = frozenset({"instrument_id", "event_id", "trigger_id", "part_id", "field_id"})
#: Keys of rows that the world here does not hold: any key is as good as none.
NOT_HELD = frozenset(
    {
        *("message_id", "commitment_id", "talk_id", "call_id", "answer_id", "review_id"),
        *("text_id", "question_id", "sign_in_id", "monitor_id", "source_id", "therapy_id"),
        *("discrepancy_id", "notice_id", "form_id", "enrollment_id", "action_id"),
        *("definition_id",),
    }
)
#: What only the system does: nobody can call it by a request.
_SYSTEM = {Role.SYSTEM}


@pytest.fixture
def world(clinic: Clinic) -> World:
    return kept("world", clinic.clock, lambda: build_world(clinic), clinic)


def row_ids(world: World) -> dict[str, Any]:
    """A key of the world for each name an action calls one by."""
    ids: dict[str, Any] = dict(world.ids)
    course = ids["course_id"]
    staff = world.clinic.staff
    ids |= {
        "membership_id": Membership.objects.get(account=staff["therapist"]).pk,
        "agreement_id": TouchAgreement.objects.filter(course=course).values_list("pk").first(),
        "consent_id": Consent.objects.filter(course=course).values_list("pk", flat=True).first(),
        "plan_id": Plan.objects.filter(course=course).values_list("pk", flat=True).first(),
        "ask_ids": [ids["ask_id"]],
        "account_ids": [ids["account_id"]],
        "basis_id": ids["version_id"],
        "second_id": staff["prescriber"].pk,
        "witness_id": staff["prescriber"].pk,
        "owner_id": staff["prescriber"].pk,
        "to_site_id": world.clinic.other_site.pk,
        "nurse_id": staff["session_nurse"].pk,
        "reader_id": staff["prescriber"].pk,
        "therapist_id": staff["therapist"].pk,
        "prescriber_id": staff["prescriber"].pk,
    }
    return ids | {name: uuid.uuid4() for name in NOT_HELD}


def named(function: Callable[..., Any]) -> list[str]:
    """The arguments of an action that are keys of rows, in order."""
    return [
        name
        for name in inspect.signature(function).parameters
        if name.endswith(("_id", "_ids")) and name not in NO_ROW
    ]


def ours() -> dict[str, Any]:
    """Every action that names a row and that a person may do."""
    load()
    return {
        name: spec
        for name, spec in ACTIONS.items()
        if not name.startswith("test.")
        and named(spec.function)
        and set(roles_for(spec.permission)) - _SYSTEM
    }


_FILLERS: dict[str, Any] = {
    "str": "something said",
    "bool": True,
    "int": 1,
    "float": 1.0,
    "date": date(2026, 11, 24),
    "datetime": datetime.fromisoformat("2026-11-24T10:00:00+00:00"),
}


def filled(world: World, function: Callable[..., Any], action: str) -> dict[str, Any]:
    """Arguments for an action: the keys of the world, and something of the right sort beside."""
    ids, given = row_ids(world), {}
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if name in named(function):
            given[name] = ids.get(
                f"program_edit.{name}" if "program" in action else name, ids[name]
            )
            given[name] = ids[name] if given[name] is None else given[name]
        elif name in ids:
            given[name] = ids[name]  # which sort of row it is, said beside its key
        elif parameter.default is inspect.Parameter.empty and parameter.kind not in (
            inspect.Parameter.VAR_KEYWORD,
            inspect.Parameter.VAR_POSITIONAL,
        ):
            sort = str(parameter.annotation)
            key = next((k for k in _FILLERS if sort.startswith(k)), None)
            empty: Any = {} if "dict" in sort or "Mapping" in sort else []
            given[name] = _FILLERS[key] if key else "x" if sort == "Any" else empty
    return given


def done_since(position: int) -> list[str]:
    """What was done since, beside reading."""
    entries = ChainEntry.objects.filter(position__gt=position, outcome="done")
    return list(entries.exclude(action__startswith="read ").values_list("action", flat=True))


def newest() -> int:
    found = ChainEntry.objects.order_by("-position").values_list("position", flat=True).first()
    return found or 0


def attempt(ctx: Context, function: Callable[..., Any], given: dict[str, Any]) -> Exception | None:
    try:
        function(ctx, **given)
    except (DomainError, TypeError, ValueError, AttributeError, KeyError) as error:
        return error
    return None


def test_every_name_of_a_row_is_known(world: World) -> None:
    names = {name for spec in ours().values() for name in named(spec.function)}
    assert names <= set(row_ids(world)), "give it a row in row_ids, or say that there is none"


#: Actions that look at something else before they look for the row: they refuse it all the same.
LOOKS_FIRST = {"therapy.set": "whether there is such a side"}


def refused(error: Exception | None, name: str) -> bool:
    """Whether the door said no, and not the form."""
    return isinstance(error, NotFound | Forbidden) or (
        name in LOOKS_FIRST and isinstance(error, DomainError)
    )


def test_with_every_role_at_another_site_no_action_does_anything_here(world: World) -> None:
    ctx = context_for(world.elsewhere, world.clinic.clock)
    for name, spec in ours().items():
        before = newest()
        error = attempt(ctx, spec.function, filled(world, spec.function, name))
        assert refused(error, name), f"{name} of another site's row: {error!r}"
        assert not done_since(before), name


def test_no_patient_does_anything_to_another_patients_row(world: World) -> None:
    ctx = context_for(world.other_patient, world.clinic.clock)
    for name, spec in ours().items():
        before = newest()
        error = attempt(ctx, spec.function, filled(world, spec.function, name))
        assert refused(error, name), f"{name} of another patient's row: {error!r}"
        assert not done_since(before), name


#: What may rightly be named from elsewhere, and why.
MAY_BE_ELSEWHERE = {
    ("role.grant", "account_id"): "one organization: a colleague of another site can work here too",
}


def foreign_ids(world: World) -> dict[str, Any]:
    """For the names that stand beside another, a row of the other site or of another person."""
    clinic = world.clinic
    outsider = clinic.staff["prescriber_elsewhere"].pk
    chair = add_chair(
        founder(clinic), site_id=clinic.other_site.pk, name="Far", bed_label="FAR", order=1
    )
    bea = world.other_patient.patient
    fact = record_fact(clinic.as_("prescriber"), patient_id=bea.pk, key="weight_kg", value=70)
    people = ("account_id", "nurse_id", "second_id", "reader_id", "therapist_id", "prescriber_id")
    return {
        **dict.fromkeys(people, outsider),
        "account_ids": [outsider],
        "chair_id": chair.pk,
        "site_id": clinic.other_site.pk,
        "fact_id": fact.pk,
        "membership_id": Membership.objects.get(account=outsider).pk,
    }


def test_a_row_of_elsewhere_beside_one_of_here_is_refused_too(world: World) -> None:
    """By somebody with every role here: only the second thing that is named is not theirs."""
    grants = frozenset({(world.clinic.site.pk, role) for role in STAFF_ROLES})
    account = world.clinic.staff["medical_director"]
    foreign, tried = foreign_ids(world), 0
    for name, spec in ours().items():
        beside = [one for one in named(spec.function) if one in foreign]
        if len(named(spec.function)) < 2:
            continue
        for one in beside:
            if (name, one) in MAY_BE_ELSEWHERE:
                continue
            ctx = Context(Actor(str(account.pk), "All here", grants), world.clinic.clock)
            given = filled(world, spec.function, name) | {one: foreign[one]}
            before = newest()
            attempt(ctx, spec.function, given)
            assert not done_since(before), f"{name} took {one} from elsewhere"
            tried += 1
    assert tried > 20
