"""The answers. Judged by python-hl7's own parser."""

from datetime import UTC, datetime

import hl7
import pytest

from evenkeel.interop.hl7v2.ack import answer_code, build_ack
from evenkeel.interop.hl7v2.header import read_header
from tests.interop.hl7v2.wire import numbered, real

AT = datetime(2026, 11, 23, 14, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accept", "application", "answers"),
    [
        ("", "", ("AA", "AE", "AR")),
        ("AL", "NE", ("CA", "CE", "CR")),
        ("AL", "AL", ("AA", "AE", "AR")),
        ("NE", "AL", ("AA", "AE", "AR")),
        ("NE", "NE", (None, None, None)),
        ("NE", "", (None, None, None)),
        ("ER", "NE", (None, "CE", "CR")),
        ("SU", "NE", ("CA", None, None)),
        ("AL", "ER", ("CA", "AE", "AR")),
        ("", "ER", (None, "AE", "AR")),
        ("??", "", ("CA", "CE", "CR")),
    ],
)
def test_what_the_sender_asked_for(
    accept: str, application: str, answers: tuple[str | None, ...]
) -> None:
    header = read_header(numbered("1", ack=f"|||{accept}|{application}"))
    assert answers == tuple(answer_code(header, one) for one in ("accept", "error", "reject"))


@pytest.mark.parametrize(
    ("name", "code", "charset", "receiver"),
    [
        ("comen_nc5_spot_check", "AA", None, ("", "KC575235977G")),
        ("mindray_vs900_stale_cuff", "CA", "UNICODE UTF-8", ("MINDRAY_VS900", "")),
        ("xh80x_no_sensor", "CA", "UNICODE UTF-8", ("XH80X", "")),
    ],
)
def test_acceptance_of_a_real_message(
    name: str, code: str, charset: str | None, receiver: tuple[str, str]
) -> None:
    header = read_header(real(name))
    answer = build_ack(header, "accept", at=AT, ack_id="EK1")
    assert answer is not None
    parsed = hl7.parse(answer.decode())
    msh = parsed.segment("MSH")
    assert [str(one) for one in parsed.segment("MSA")] == ["MSA", code, header.control_id]
    assert str(msh[7]) == "20261123140000.250+0000"
    assert str(msh[10]) == "EK1"
    assert (str(msh[11]), str(msh[12])) == (header.processing_id, header.version)
    assert (parsed["MSH.F5.R1.C1"], str(msh[6])) == receiver
    assert str(msh[9]).startswith("ACK^R01")
    assert (str(msh[18]) if len(msh) > 18 else None) == charset


def test_rejection_names_the_condition_and_cannot_be_broken_by_its_text() -> None:
    header = read_header(numbered("77"))
    answer = build_ack(
        header,
        "reject",
        at=AT,
        ack_id="EK2",
        error_code="type_unsupported",
        text="no|such\rthing é",
    )
    assert answer is not None
    parsed = hl7.parse(answer.decode())
    assert [str(one) for one in parsed.segment("MSA")] == ["MSA", "AR", "77", "no such?thing ?"]
    assert str(parsed.segment("ERR")[3]) == "200^Unsupported message type^HL70357"
    assert len(parsed) == 3


def test_echo_in_the_senders_delimiters_and_bytes() -> None:
    raw = "MSH#:;%@#Grün####20260726151332##ORU:R01#Ü1#P#2.5######8859/1\r".encode("latin-1")
    answer = build_ack(read_header(raw), "accept", at=AT, ack_id="EK3")
    assert answer is not None
    assert answer.startswith(b"MSH#:;%@#EVENKEEL##Gr\xfcn#")
    assert b"\rMSA#AA#\xdc1\r" in answer
