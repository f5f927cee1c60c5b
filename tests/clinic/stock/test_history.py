"""The ledger over random histories, and with several writers at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.idempotency import once
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.stock.actions.count_shelves import Seen, count_shelves, on_shelf
from evenkeel.clinic.stock.actions.discrepancy import declare_loss, explain, look_into
from evenkeel.clinic.stock.actions.handle import waste_rest
from evenkeel.clinic.stock.actions.send_away import return_container
from evenkeel.clinic.stock.drawing import session_account
from evenkeel.clinic.stock.models import Container, Discrepancy, Move
from evenkeel.clinic.stock.proof import prove_balances
from tests.clinic.stock.makers import Shelves, build_shelves
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db

#: Each is some fifty acts; the soak tells many more.
EXAMPLES = 100 if os.environ.get("EVENKEEL_SOAK") else 12
AMOUNT = st.one_of(
    st.integers(1, 600_000).map(lambda n: Decimal(n) / 1000),
    st.sampled_from([Decimal(28), Decimal(56), Decimal(84), Decimal(500), Decimal(0), Decimal(-1)]),
)
STEP = st.tuples(
    st.sampled_from(
        ("draw", "draw", "draw", "waste", "put_back", "void", "count", "close", "rest", "return")
    ),
    st.integers(0, 5),
    AMOUNT,
    st.integers(0, 1),
    st.sampled_from((0, 1, 60, -30, -2000, 90)),
)


class Told:
    """A history told twice: to the ledger, and to a plain sum beside it."""

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves
        self.containers: list[Container] = [
            *shelves.received(count=3),
            *shelves.received(shelves.kit, count=3),
        ]
        self.holds = {c.pk: c.item.content_mg for c in self.containers}
        self.sessions = [uuid4(), uuid4()]
        self.clock: Any = shelves.clinic.clock

    def step(self, do: str, which: int, amount: Decimal, session: int, minutes: int) -> None:
        """One step; what is refused must have changed nothing."""
        before = (Move.objects.count(), self.balances())
        try:
            getattr(self, f"_{do}")(self.containers[which], amount, self.sessions[session], minutes)
        except DomainError:
            assert (Move.objects.count(), self.balances()) == before, do
        self.clock.advance(timedelta(minutes=5))

    def balances(self) -> dict[UUID, Decimal]:
        return dict(Container.objects.values_list("pk", "remaining_mg"))

    def _session(
        self, do: str, container: Container, amount: Decimal, session: UUID, minutes: int
    ) -> None:
        at = self.clock.now() + timedelta(minutes=minutes)
        move = self.shelves.does(do, container, amount, session_id=session, happened_at=at)
        self.holds[container.pk] += move.amount_mg

    def _draw(self, *given: Any) -> None:
        self._session("draw", *given)

    def _waste(self, *given: Any) -> None:
        self._session("waste", *given)

    def _put_back(self, *given: Any) -> None:
        self._session("put_back", *given)

    def _void(self, container: Container, *_: Any) -> None:
        rows = Move.objects.filter(container=container, corrected_by=None, session_id__isnull=False)
        move = rows.exclude(kind="void").order_by("-number").first()
        if move is not None:
            self.holds[container.pk] += self.shelves.void(move).amount_mg

    def _count(self, container: Container, amount: Decimal, *_: Any) -> None:
        site = self.shelves.clinic.site.pk
        seen = {c.pk: Seen(amount_mg=c.remaining_mg) for c in on_shelf(site)}
        if container.pk in seen:
            seen[container.pk] = Seen(amount_mg=amount)
        count_shelves(
            self.shelves.clinic.as_("session_nurse"),
            site_id=site,
            kind="routine",
            second_id=self.shelves.witness,
            seen=seen,
        )

    def _close(self, container: Container, amount: Decimal, *_: Any) -> None:
        clinic = self.shelves.clinic
        open_rows = Discrepancy.objects.filter(container=container, state="open")
        row = open_rows.order_by("found_at", "pk").first()
        if row is None:
            return
        look_into(clinic.as_("prescriber"), discrepancy_id=row.pk, text="Looked.")
        before = Container.objects.get(pk=container.pk).remaining_mg
        pharmacist = clinic.as_("pharmacist")
        if amount > 200:
            explain(pharmacist, discrepancy_id=row.pk, cause="Known.")
        else:
            declare_loss(
                pharmacist,
                discrepancy_id=row.pk,
                cause="Not known.",
                is_theft=False,
                is_significant=True,
            )
        self.holds[container.pk] += Container.objects.get(pk=container.pk).remaining_mg - before

    def _rest(self, container: Container, *_: Any) -> None:
        left = Container.objects.get(pk=container.pk).remaining_mg
        move = waste_rest(
            self.shelves.clinic.as_("session_nurse"),
            container_id=container.pk,
            amount_mg=left,
            witness_id=self.shelves.witness,
            method="Pouch",
            reason="Old",
        )
        self.holds[container.pk] += move.amount_mg

    def _return(self, container: Container, *_: Any) -> None:
        move = return_container(
            self.shelves.clinic.as_("pharmacist"),
            container_id=container.pk,
            party="Supply",
            reference="R",
            witness_id=self.shelves.clinic.staff["session_nurse"].pk,
        )
        self.holds[container.pk] += move.amount_mg

    def check(self) -> None:
        """What must hold after every history."""
        proof = prove_balances(self.shelves.clinic.site.pk)
        assert proof.holds, proof.faults
        assert self.balances() == self.holds
        assert min(self.holds.values()) >= 0
        for session in self.sessions:
            for one in session_account(session).by_container:
                assert one.left_mg >= 0
        for move in Move.objects.exclude(witness=None):
            assert move.witness_id != move.by_id
        for container in Container.objects.select_related("item"):
            if not container.item.is_measured and not container.discrepancies.exists():
                assert container.remaining_mg % container.item.unit_mg == 0


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=4, max_size=14))
def test_whatever_happens_every_balance_is_the_sum_of_its_lines(
    shelves: Shelves, steps: list[Any]
) -> None:
    now = shelves.clinic.clock.now()
    with transaction.atomic():
        told = Told(shelves)
        for step in steps:
            told.step(*step)
        told.check()
        transaction.set_rollback(True)
    assert isinstance(shelves.clinic.clock, FixedClock)
    shelves.clinic.clock.at = now


def test_the_proof_finds_what_was_changed_behind_the_programs_back(shelves: Shelves) -> None:
    vial = shelves.received()
    drawn = shelves.does("draw", vial, 40)
    shelves.does("draw", vial, 60)
    site = shelves.clinic.site.pk
    attacks: list[tuple[str, list[Any], str]] = [
        (
            "UPDATE stock_container SET remaining_mg = 450 WHERE id = %s",
            [vial.pk],
            "is said to hold",
        ),
        ("UPDATE stock_move SET amount_mg = -30 WHERE id = %s", [drawn.pk], "where 470 mg follows"),
        ("DELETE FROM stock_move WHERE id = %s", [drawn.pk], "line 2 is missing"),
    ]
    for statement, keys, said in attacks:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    statement, [k.hex if connection.vendor == "sqlite" else k for k in keys]
                )
            found = prove_balances(site)
            assert any(said in fault.what for fault in found.faults), (said, found.faults)
            assert not verify().whole
            transaction.set_rollback(True)
    assert prove_balances(site).holds


@pytest.mark.django_db(transaction=True)
def test_several_writers_never_take_more_than_is_there(clinic: Clinic) -> None:
    shelves = build_shelves(clinic)
    vial = shelves.received()
    shelves.does("draw", vial, 1)  # opened, so that all find it alike
    start, said = threading.Barrier(4), []
    nurse = clinic.as_("session_nurse")

    def write(number: int) -> None:
        session = uuid4()
        start.wait(30)
        for n in range(6):
            try:
                shelves.does("draw", vial, "40", session_id=session)
                said.append("drawn")
            except DomainError as refusal:
                said.append(refusal.code)
            # one and the same request from every writer: stored once
            once(nurse, f"same-{n}", {"n": n}, lambda: _reply(shelves, vial))
        connections.close_all()

    run_all([lambda n=n: write(n) for n in range(4)])
    vial.refresh_from_db()
    drawn = Move.objects.filter(container=vial, kind="draw").exclude(stated_mg=1)
    assert drawn.filter(stated_mg=40).count() == said.count("drawn")
    assert drawn.filter(stated_mg=2).count() == 6
    # 499 mg less six times 2 mg: twelve draws of 40 mg fit, and no thirteenth
    assert said.count("drawn") == 12
    assert set(said) == {"drawn", "not_enough"}
    assert vial.remaining_mg == 7
    assert prove_balances(clinic.site.pk).holds
    assert verify().whole


def _reply(shelves: Shelves, vial: Container) -> dict[str, str]:
    return {"id": str(shelves.does("draw", vial, 2, session_id=uuid4()).pk)}


def run_all(work: list[Callable[[], None]]) -> None:
    """Run in threads and raise what any of them raised."""
    raised: list[BaseException] = []

    def guarded(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if raised:
        raise raised[0]
