"""``evenkeel bench audit`` writes entries that the product itself could have written."""

from __future__ import annotations

import pytest
from bench import audit

from evenkeel.clinic.record.chain import head
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.verify import verify
from tests.clinic.session.makers import open_stage
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


def test_what_the_bench_writes_is_sealed_as_the_product_seals(clinic: Clinic) -> None:
    open_stage(clinic)
    before = verify(head_folders=[])
    assert before.whole
    wanted = head()[0] + 200
    written = audit._write(wanted)
    after = verify(head_folders=[])
    assert after.whole, after.breaks[:5]
    assert after.entries == wanted == ChainEntry.objects.count()
    assert sum(written.values()) == 200
    assert written["events"] > written["writes"] > 20
    assert after.rows - before.rows == written["events"] + written["writes"]


def test_the_page_of_figures_says_whether_others_worked(capsys: pytest.CaptureFixture[str]) -> None:
    found = {
        "machine": {"processor": "invented"},
        "database": "invented 1",
        "entries": 1_000_000,
        "rows": 10,
        "wall_s": 31.0,
        "cpu_s": 40.0,
        "processes": 2,
        "peak_mib_a_process": 100,
        "others": 0.5,
    }
    audit._print(found)
    said = capsys.readouterr().out
    assert "MISSED" in said
    assert "others took 50 %" in said
