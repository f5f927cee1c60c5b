"""What is read from a message. The expected readings of the four real ones are read off them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.interop.hl7v2 import MessageError, MonitorMessage, group_readings, parse_message
from evenkeel.interop.hl7v2.charset import decode
from evenkeel.interop.hl7v2.timestamp import format_time, parse_time, zone_of
from tests.interop.hl7v2.wire import MESSAGES, real

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
RECEIVED = datetime(2026, 7, 26, 15, 13, 33, tzinfo=UTC)
REAL = sorted(path.stem for path in MESSAGES.glob("*.hl7"))


def parse(raw: bytes, zone: ZoneInfo = SHANGHAI, at: datetime = RECEIVED) -> MonitorMessage:
    return parse_message(raw, received_at=at, default_tz=zone)


def oru(*obx: str, msh: str = "", pid: str = "PID|||SYN-1", obr: str = "OBR|1") -> bytes:
    msh = msh or "MSH|^~\\&|SIM||||20260726151332+0000||ORU^R01^ORU_R01|1|P|2.6"
    return ("\r".join([msh, pid, "PV1||I|WARD^ROOM^7", obr, *obx]) + "\r").encode()


SPO2 = "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1|{value}|262688^MDC_DIM_PERCENT^MDC"


def spo2(value: str = "97", tail: str = "") -> str:
    return SPO2.format(value=value) + tail


@dataclass(frozen=True)
class Expected:
    device: str
    eui64: str | None
    control_id: str
    sent_at: str
    patient_ids: tuple[str, ...]
    named: bool
    bed: str
    demonstration: bool
    sets: tuple[tuple[str, dict[str, str]], ...]
    absent: frozenset[str]
    aside: frozenset[str]


EXPECTED = {
    "comen_nc5_spot_check": Expected(
        device="KC575235977G",
        eui64=None,
        control_id="20260726231332.11090007",
        sent_at="2026-07-26T23:13:32.110600+08:00",
        patient_ids=("MRN12123",),
        named=True,
        bed="24",
        demonstration=False,
        sets=(
            (
                "2026-07-26T23:13:31+08:00",
                {
                    "sbp_mmhg": "120",
                    "map_mmhg": "90",
                    "dbp_mmhg": "80",
                    "spo2_percent": "98",
                    "pulse_bpm": "60",
                    "temperature_c": "39.00",
                },
            ),
        ),
        absent=frozenset(),
        aside=frozenset(
            {
                ("2279", "private_code"),
                ("2267", "private_code"),
                ("2275", "private_code"),
                ("188740", "unknown_code"),
                ("188736", "unknown_code"),
            }
        ),
    ),
    "mindray_vs900_demo_mode": Expected(
        device="00A0370098006640",
        eui64="00A0370098006640",
        control_id="13",
        sent_at="2020-02-12T12:55:41+08:00",
        patient_ids=("2eefgghy",),
        named=True,
        bed="1",
        demonstration=True,
        sets=(),
        absent=frozenset(),
        aside=frozenset(),
    ),
    "mindray_vs900_stale_cuff": Expected(
        device="00A0370098007A80",
        eui64="00A0370098007A80",
        control_id="1914",
        sent_at="2019-12-06T11:34:52+08:00",
        patient_ids=(),
        named=False,
        bed="",
        demonstration=False,
        sets=(
            (
                "2019-12-06T11:10:16+08:00",
                {"sbp_mmhg": "147", "map_mmhg": "109", "dbp_mmhg": "90"},
            ),
            ("2019-12-06T11:34:15+08:00", {"temperature_c": "35.1"}),
            (
                "2019-12-06T11:34:52+08:00",
                {"spo2_percent": "99", "pulse_bpm": "94", "perfusion_index_percent": "0.94"},
            ),
        ),
        absent=frozenset(),
        aside=frozenset(),
    ),
    "xh80x_no_sensor": Expected(
        device="00A037009B000000",
        eui64="00A037009B000000",
        control_id="41",
        sent_at="2021-06-11T10:20:47+08:00",
        patient_ids=(),
        named=False,
        bed="",
        demonstration=False,
        sets=(),
        absent=frozenset({"sbp_mmhg", "spo2_percent", "heart_rate_bpm", "temperature_c"}),
        aside=frozenset(),
    ),
}


def test_every_real_message_has_its_row() -> None:
    assert set(EXPECTED) == set(REAL)


@pytest.mark.parametrize("name", REAL)
def test_real_message(name: str) -> None:
    expected = EXPECTED[name]
    message = parse(real(name))
    assert message.sending_device.id == expected.device
    assert message.sending_device.eui64 == expected.eui64
    assert message.control_id == expected.control_id
    assert message.sent_at == datetime.fromisoformat(expected.sent_at)
    assert tuple(one.value for one in message.patient_ids) == expected.patient_ids
    assert message.patient_name_present is expected.named
    assert message.location.bed == expected.bed
    assert message.demonstration is expected.demonstration
    assert {one.quantity for one in message.readings if one.sensor_absent} == expected.absent
    assert {(one.code, one.reason) for one in message.unknown} == expected.aside
    found = tuple((one.measured_at, dict(one.values)) for one in group_readings(message))
    assert found == tuple(
        (datetime.fromisoformat(at), {key: Decimal(value) for key, value in values.items()})
        for at, values in expected.sets
    )


def test_name_of_the_patient_is_nowhere_in_the_message() -> None:
    assert "Example" not in repr(parse(real("comen_nc5_spot_check")))


def test_demonstration_readings_are_kept_and_marked_but_never_chartable() -> None:
    message = parse(real("mindray_vs900_demo_mode"))
    assert len(message.readings) == 6
    assert all("demo" in one.flags and not one.is_chartable for one in message.readings)


@pytest.mark.parametrize(
    "raw",
    [
        oru(spo2(tail="||DEMO|||R"), spo2("96")),
        oru(spo2(), "OBX|2|ST|1^X^99ACME||y|||DEMO~L"),
        oru(spo2(tail="||TEST|||R")),
        oru(spo2(), msh="MSH|^~\\&|SIM||||20260726151332+0000||ORU^R01|1|T|2.6"),
        oru(spo2(), msh="MSH|^~\\&|SIM||||20260726151332+0000||ORU^R01|1|D^A|2.6"),
    ],
    ids=["one of two", "on a private code", "test data", "training message", "debug message"],
)
def test_one_sign_of_demonstration_taints_the_whole_message(raw: bytes) -> None:
    message = parse(raw)
    assert message.demonstration
    assert not any(one.is_chartable for one in message.readings)
    assert group_readings(message) == ()


def test_stale_cuff_is_old_and_the_sweep_is_not() -> None:
    message = parse(
        real("mindray_vs900_stale_cuff"), at=datetime(2019, 12, 6, 3, 34, 53, tzinfo=UTC)
    )
    cuff, _, sweep = group_readings(message)
    assert cuff.age_s(message.received_at) == 24 * 60 + 37
    assert (cuff.is_periodic, sweep.is_periodic) == (False, True)
    assert "aperiodic" in cuff.flags
    assert sweep.age_s(message.received_at) == 1


@pytest.mark.parametrize(
    ("value", "tail"),
    [
        ("-999", ""),
        ("-99.9", ""),
        ("-999.0", ""),
        ("8388607", ""),
        ("", ""),
        ('""', ""),
        ("---", ""),
        ("***", ""),
        ("97", "|||||X"),
        ("97", "||INV|||R"),
        ("97", "||NAV|||R"),
        ("97", "||L~BUSY|||R"),
        ("97", "||CAL|||R"),
    ],
)
def test_no_reading(value: str, tail: str) -> None:
    (reading,) = parse(oru(spo2(value, tail))).readings
    assert reading.sensor_absent
    assert reading.value is None
    assert not reading.is_chartable


@pytest.mark.parametrize(
    ("obx", "reason"),
    [
        (
            "OBX|1|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC||16.0|265987^MDC_DIM_KILO_PASCAL^MDC",
            "unit_mismatch",
        ),
        ("OBX|1|NM|150344^MDC_TEMP^MDC||98.6|266560^MDC_DIM_FAHR^MDC", "unit_mismatch"),
        ("OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||97|", "unit_mismatch"),
        ("OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||97|262688^MDC_DIM_MMHG^MDC", "unit_mismatch"),
        ("OBX|1|NM|150301^MDC_PRESS_CUFF_DIA^MDC||80|266016^MDC_DIM_MMHG^MDC", "name_mismatch"),
        (spo2("101"), "implausible"),
        (spo2("0"), "implausible"),
        (spo2("-5"), "implausible"),
        (spo2("97~98"), "not_a_number"),
        (spo2("9,7"), "not_a_number"),
        (spo2("1e2"), "not_a_number"),
        (spo2("٩٧"), "not_a_number"),
        (spo2("NaN?"), "not_a_number"),
        (spo2("97", "|||||D"), "withdrawn"),
        (spo2("97", "|||||W"), "withdrawn"),
        ("OBX|1|SN|150456^MDC_PULS_OXIM_SAT_O2^MDC||<^70|%", "not_a_number"),
        ("OBX|1|NM|478^MNDRY_PULS_OXIM_PLETH_VAR_INDEX^99MNDRY||12|", "private_code"),
        ("OBX|1|NM|8867-4^Heart rate^LN||70|/min", "unknown_code"),
        ("OBX|2||69855^MDC_DEV_METER_PRESS_BLD_CHAN^MDC|1.13.1.0|||||||X", "structure"),
        ("OBX", "malformed"),
    ],
)
def test_kept_aside(obx: str, reason: str) -> None:
    message = parse(oru(obx))
    assert [one.reason for one in message.unknown] == [reason]
    assert message.readings == ()


@pytest.mark.parametrize(
    ("obx", "quantity", "value"),
    [
        ("OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||97|%^%^UCUM", "spo2_percent", "97"),
        ("OBX|1|ST|150456^MDC_PULS_OXIM_SAT_O2^MDC||97.|%", "spo2_percent", "97"),
        ("OBX|1|SN|150456^MDC_PULS_OXIM_SAT_O2^MDC||=^97|%", "spo2_percent", "97"),
        ("OBX|1|NM|^MDC_ECG_HEART_RATE^MDC||71|^MDC_DIM_BEAT_PER_MIN^MDC", "heart_rate_bpm", "71"),
        ("OBX|1|NM|147842^MDC_ECG_HEART_RATE||0|/min", "heart_rate_bpm", "0"),
        (
            "OBX|1|NM|151594^MDC_CO2_RESP_RATE^MDC||14|264928^MDC_DIM_RESP_PER_MIN^MDC",
            "respiratory_rate_per_min",
            "14",
        ),
        (
            "OBX|1|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC||140.5|mm[Hg]^mm[Hg]^UCUM",
            "sbp_mmhg",
            "140.5",
        ),
    ],
)
def test_understood(obx: str, quantity: str, value: str) -> None:
    (reading,) = parse(oru(obx)).readings
    assert (reading.quantity, reading.value) == (quantity, Decimal(value))


@pytest.mark.parametrize(
    ("flag", "expected"),
    [("QUES", {"questionable"}), ("EARLY", {"early"}), ("H~ALACT", {"alarm"}), ("HH", set())],
)
def test_status_flags(flag: str, expected: set[str]) -> None:
    (reading,) = parse(oru(spo2(tail=f"||{flag}|||R"))).readings
    assert reading.flags == expected
    assert reading.is_chartable


@pytest.mark.parametrize(
    ("obx_time", "obr", "msh_time", "source", "expected"),
    [
        ("20260726151000", "20260726151100", "20260726151200", "observation", "15:10:00+08:00"),
        ("20260726151000+0200", "", "20260726151200", "observation", "15:10:00+02:00"),
        ("20260726151000", "", "20260726151200-0330", "observation", "15:10:00-03:30"),
        ("", "20260726151100", "20260726151200", "request", "15:11:00+08:00"),
        ("", "", "20260726151200", "message", "15:12:00+08:00"),
        ("20260726", "", "20260726151200", "message", "15:12:00+08:00"),
        ("20260732151000", "2026", "20260726151200", "message", "15:12:00+08:00"),
        ("", "", "yesterday", "received", "15:13:33+00:00"),
        ("", "", "", "received", "15:13:33+00:00"),
    ],
)
def test_time_of_measurement(
    obx_time: str, obr: str, msh_time: str, source: str, expected: str
) -> None:
    raw = oru(
        spo2(tail=f"|||||R|||{obx_time}"),
        msh=f"MSH|^~\\&|SIM||||{msh_time}||ORU^R01|1|P|2.6",
        obr=f"OBR|1||||||{obr}",
    )
    (reading,) = parse(raw).readings
    assert reading.time_source == source
    assert reading.measured_at == datetime.fromisoformat(f"2026-07-26T{expected}")
    assert ("time_unreadable" in reading.flags) == bool(obx_time and source != "observation")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260726231332.1106+0800", "2026-07-26T15:13:32.110600+00:00"),
        ("20260726231332.123456789123+0800", "2026-07-26T15:13:32.123456+00:00"),
        ("20260726231332.9999999+0800", "2026-07-26T15:13:32.999999+00:00"),
        ("20260726231332.+0800", "2026-07-26T15:13:32+00:00"),
        ("202607262313", "2026-07-26T21:13:00+00:00"),
        ("20260726231332Z", "2026-07-26T23:13:32+00:00"),
        ("20260726231332-1200", "2026-07-27T11:13:32+00:00"),
        ("20260101120000", "2026-01-01T11:00:00+00:00"),
        ("2026072623", None),
        ("20260726", None),
        ("20260726231332+9900", None),
        ("20260726231332+0860", None),
        ("20260726251332", None),
        ("00010101000000", None),
        ("99991231235959-1200", None),
        ("２０２６0726231332", None),
        ("", None),
    ],
)
def test_hl7_time(text: str, expected: str | None) -> None:
    found = parse_time(text, BERLIN, near=RECEIVED)
    assert found == (None if expected is None else datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("received_utc", "expected_utc"),
    [("00:35", "00:30"), ("01:35", "01:30"), ("01:10", "00:30"), ("09:00", "01:30")],
)
def test_repeated_hour_takes_the_latest_time_that_is_past(
    received_utc: str, expected_utc: str
) -> None:
    """Berlin set its clocks back on 2026-10-25 at 01:00 UTC: 02:30 came twice."""
    near = datetime.fromisoformat(f"2026-10-25T{received_utc}:00+00:00")
    found = parse_time("20261025023000", BERLIN, near=near)
    assert found == datetime.fromisoformat(f"2026-10-25T{expected_utc}:00+00:00")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2198, 1, 1)), st.integers(-840, 840))
def test_written_time_is_read_back(plain: datetime, minutes: int) -> None:
    at = plain.replace(
        microsecond=plain.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(minutes=minutes))
    )
    text = format_time(at)
    assert parse_time(text, UTC, near=at) == at
    zone = zone_of(text)
    assert zone is not None
    assert zone.utcoffset(None) == at.utcoffset()


@pytest.mark.parametrize(
    ("declared", "raw", "text", "doubtful"),
    [
        ("UNICODE UTF-8", "Grün".encode(), "Grün", False),
        ("UNICODE", "Grün".encode(), "Grün", False),
        ("8859/1", "Grün".encode("latin-1"), "Grün", False),
        ("8859/2", "Łódź".encode("iso8859-2"), "Łódź", False),
        ("GB 18030-2000", "张|三".encode("gb18030"), "张|三", False),
        ("", "Grün".encode(), "Grün", False),
        ("", "Grün".encode("latin-1"), "Grün", True),
        ("UNICODE UTF-8", "Grün".encode("latin-1"), "Gr\ufffdn", True),
        ("no such set", b"plain", "plain", False),
        ("8859/1~ISO IR87", "Grün".encode("latin-1"), "Grün", False),
    ],
)
def test_charset(declared: str, raw: bytes, text: str, doubtful: bool) -> None:
    assert decode(raw, declared) == (text, doubtful)


@pytest.mark.parametrize(
    ("declared", "raw", "code"),
    [("NO SUCH SET", b"\xff", "charset_unknown"), ("GB 18030-2000", b"\xff|", "charset_mismatch")],
)
def test_charset_beyond_reading(declared: str, raw: bytes, code: str) -> None:
    with pytest.raises(MessageError) as caught:
        decode(raw, declared)
    assert caught.value.code == code


def test_damaged_identifier_identifies_nobody_and_costs_no_reading() -> None:
    msh = "MSH|^~\\&|SIM||||20260726151332||ORU^R01|1|P|2.6||||||UNICODE UTF-8"
    raw = oru(spo2(), msh=msh).replace(b"SYN-1", b"SYN-\xe9~OK-2^^^Clinic^MR")
    message = parse(raw)
    assert [(one.value, one.authority, one.type_code) for one in message.patient_ids] == [
        ("OK-2", "Clinic", "MR")
    ]
    assert message.charset_doubtful
    assert len(message.readings) == 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "no_header"),
        (b"\r\r", "no_header"),
        (b"hello", "no_header"),
        (b"MSH", "no_header"),
        (b"MSH|", "no_header"),
        (b"MSH||||||||||", "no_header"),
        (b"MSH|^^^^|", "no_header"),
        (b"MSHA^~\\&A", "no_header"),
        (b"PID|||1\rMSH|^~\\&|SIM", "no_header"),
        (oru(spo2(), msh="MSH|^~\\&|S||||20260726||ADT^A01|1|P|2.6"), "type_unsupported"),
        (oru(spo2(), msh="MSH|^~\\&|S||||20260726||ORU^R40|1|P|2.6"), "event_unsupported"),
        (oru(spo2(), msh="MSH|^~\\&|S||||20260726||ORU^R01|1|P|3.0"), "version_unsupported"),
        (oru(spo2(), pid="PID|||A\rPID|||B"), "two_patients"),
        (oru(spo2()) + oru(spo2("88")), "two_messages"),
        (oru(*[spo2()] * 1001), "too_many_segments"),
        (oru("OBX|1|NM|" + "^" * 10_001), "too_many_parts"),
    ],
)
def test_refused(raw: bytes, code: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse(raw)
    assert caught.value.code == code
    assert (caught.value.header is None) == (code == "no_header")


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r\r", b"\r \r"])
def test_other_segment_endings(ending: bytes) -> None:
    message = parse(real("comen_nc5_spot_check").replace(b"\r", ending))
    assert len(message.readings) == 6


def test_own_delimiters_and_escapes() -> None:
    raw = oru(spo2(), pid="PID|||A\\F\\B\\S\\C\\E\\F\\E\\~X^^^H")
    assert [one.value for one in parse(raw).patient_ids] == ["A|B^C\\F\\", "X"]
    other = oru(spo2()).decode().translate(str.maketrans("|^~\\&", "#:;%@")).encode()
    message = parse(other)
    assert message.patient_ids[0].value == "SYN-1"
    assert message.readings[0].value == 97


def test_escape_with_a_huge_repeat_count_is_left_alone() -> None:
    message = parse(oru(spo2(), pid="PID|||A\\.sp999999999\\B"))
    assert message.patient_ids[0].value == "A\\.sp999999999\\B"


def test_repeated_cuff_keeps_its_identity_and_a_new_one_does_not() -> None:
    cuff = (
        "OBX|{n}|NM|150301^MDC_PRESS_CUFF_SYS^MDC||{sys}|266016^MDC_DIM_MMHG^MDC"
        "|||||R|||{at}|||^APERIODIC"
    )
    first = oru(spo2(), cuff.format(n=2, sys=120, at="20260726150000+0000"))
    again = first.replace(b"151332+0000||ORU", b"151342+0000||ORU").replace(b"|97|", b"|96|")
    newer = again.replace(b"150000+0000", b"151000+0000")
    sets = [
        {one.is_periodic: one.identity for one in group_readings(parse(raw))}
        for raw in (first, again, newer)
    ]
    assert sets[0][False] == sets[1][False] != sets[2][False]
    assert sets[0][True] != sets[1][True]


def test_repeated_cuff_keeps_its_identity_when_another_sensor_falls_off() -> None:
    """The VS900 names its equipment on the first observation only."""
    whole = real("mindray_vs900_stale_cuff")
    lines = whole.split(b"\r")
    without = b"\r".join(line for line in lines if b"SAT_O2" not in line)
    first, second = (group_readings(parse(raw))[0] for raw in (whole, without))
    assert first.identity == second.identity


def test_same_quantity_twice_is_neither_lost_nor_averaged() -> None:
    message = parse(oru(spo2("97"), spo2("97"), spo2("91")))
    assert [one.values["spo2_percent"] for one in group_readings(message)] in ([97, 91], [91, 97])


def _mutations() -> st.SearchStrategy[bytes]:
    @st.composite
    def mutate(draw: st.DrawFn) -> bytes:
        raw = bytearray(real(draw(st.sampled_from(REAL))))
        for _ in range(draw(st.integers(1, 8))):
            at = draw(st.integers(0, max(0, len(raw) - 1)))
            match draw(st.integers(0, 4)):
                case 0:
                    raw[at : at + 1] = draw(st.binary(min_size=1, max_size=3))
                case 1:
                    del raw[at : at + draw(st.integers(1, 60))]
                case 2:
                    raw[at:at] = draw(
                        st.sampled_from([b"|", b"^", b"~", b"\\", b"&", b"\r", b"MSH"])
                    )
                case 3:
                    other = draw(st.integers(0, max(0, len(raw) - 1)))
                    raw[at:at] = raw[other : other + 80]
                case 4:
                    digits = draw(st.text("0123456789.+-", max_size=24))
                    raw[at:at] = digits.encode()
        return bytes(raw)

    return mutate()


@settings(max_examples=400, deadline=None)
@given(_mutations() | st.binary(max_size=300).map(lambda tail: b"MSH|^~\\&|" + tail))
def test_mutated_message_is_read_or_refused_and_nothing_else(raw: bytes) -> None:
    try:
        message = parse(raw)
    except MessageError:
        return
    for one in group_readings(message):
        assert one.measured_at.tzinfo is not None
        assert all(value.is_finite() for value in one.values.values())
    assert len(message.readings) + len(message.unknown) <= raw.count(b"OBX")


@pytest.mark.parametrize(
    ("msh_3_4", "obx_18", "device", "eui64"),
    [
        ("A^00a0370000000001^EUI-64|B", "", "00a0370000000001", "00A0370000000001"),
        ("A^not-an-eui^EUI-64|B", "", "not-an-eui", None),
        ("|SERIAL-7", "^^00A0370000000002^EUI-64", "SERIAL-7", None),
        ("|", "080019FFFE0B4020^B40_GE", "080019FFFE0B4020", "080019FFFE0B4020"),
        ("|", "", "", None),
    ],
)
def test_who_sent_it(msh_3_4: str, obx_18: str, device: str, eui64: str | None) -> None:
    message = parse(
        oru(
            spo2(tail=f"|||||R|||||||{obx_18}"),
            msh=f"MSH|^~\\&|{msh_3_4}|||20260726151332+0000||ORU^R01|1|P|2.6",
        )
    )
    assert (message.sending_device.id, message.sending_device.eui64) == (device, eui64)


def test_naive_time_of_receipt_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="aware"):
        parse_message(oru(spo2()), received_at=datetime(2026, 1, 1), default_tz=UTC)
