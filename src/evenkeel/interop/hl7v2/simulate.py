"""A bedside monitor made of software: the demo's, and one of the judges in the tests.

It writes what an IHE PCD-01 monitor writes (shape as the VS900 messages in the tests): oximeter and
breathing in every message at the message's own time, the cuff repeated until the next inflation
with the time of its own measurement and marked APERIODIC. The body is a callable from time to
:class:`VitalSigns`; nothing about drugs is known here.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hl7.mllp import InvalidBlockError, open_hl7_connection

from evenkeel.interop.hl7v2.timestamp import format_time

_UNITS = {
    "mmHg": "266016^MDC_DIM_MMHG^MDC",
    "%": "262688^MDC_DIM_PERCENT^MDC",
    "beat": "264864^MDC_DIM_BEAT_PER_MIN^MDC",
    "breath": "264928^MDC_DIM_RESP_PER_MIN^MDC",
    "Cel": "268192^MDC_DIM_DEGC^MDC",
}
_SWEEP = (
    ("spo2_percent", "150456", "MDC_PULS_OXIM_SAT_O2", "1.3.1", "%", 0),
    ("pulse_bpm", "149530", "MDC_PULS_OXIM_PULS_RATE", "1.3.1", "beat", 0),
    ("respiratory_rate_per_min", "151578", "MDC_TTHOR_RESP_RATE", "1.7.1", "breath", 0),
    ("temperature_c", "150364", "MDC_TEMP_BODY", "1.2.1", "Cel", 1),
)
_CUFF = (
    ("sbp_mmhg", "150301", "MDC_PRESS_CUFF_SYS", "1.1.9", "mmHg", 0),
    ("map_mmhg", "150303", "MDC_PRESS_CUFF_MEAN", "1.1.9", "mmHg", 0),
    ("dbp_mmhg", "150302", "MDC_PRESS_CUFF_DIA", "1.1.9", "mmHg", 0),
)


@dataclass(frozen=True)
class VitalSigns:
    """The body at one moment. None: that sensor is off."""

    sbp_mmhg: float | None = None
    dbp_mmhg: float | None = None
    spo2_percent: float | None = None
    pulse_bpm: float | None = None
    respiratory_rate_per_min: float | None = None
    temperature_c: float | None = None

    @property
    def map_mmhg(self) -> float | None:
        """Mean pressure as diastolic plus a third of the pulse pressure [derived]."""
        if self.sbp_mmhg is None or self.dbp_mmhg is None:
            return None
        return self.dbp_mmhg + (self.sbp_mmhg - self.dbp_mmhg) / 3


@dataclass(frozen=True)
class MonitorIdentity:
    """Who the monitor says it is, and whose bed it says it stands at."""

    name: str = "EVENKEEL_SIM"
    eui64: str = "0000000000000001"
    patient_id: str = ""
    bed: str = ""
    point_of_care: str = ""


@dataclass(frozen=True)
class _CuffMeasurement:
    measured_at: datetime
    vitals: VitalSigns


def build_oru(
    identity: MonitorIdentity,
    *,
    control_id: str,
    sent_at: datetime,
    sweep: VitalSigns,
    cuff: VitalSigns | None = None,
    cuff_at: datetime | None = None,
    demonstration: bool = False,
) -> bytes:
    """One ORU^R01, without frame marks. Times are aware. ``cuff`` needs ``cuff_at``.

    Raises ValueError for a cuff without its time.
    """
    if cuff is not None and cuff_at is None:
        raise ValueError("a cuff measurement needs the time it was taken")
    at = format_time(sent_at)
    device = f"{identity.name}^{identity.eui64}^EUI-64"
    patient = f"{identity.patient_id}^^^Clinic^MR" if identity.patient_id else ""
    status = "DEMO" if demonstration else ""
    segments = [
        rf"MSH|^~\&|{device}||||{at}||ORU^R01^ORU_R01|{control_id}|P|2.6|||AL|AL||UNICODE UTF-8"
        "|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO",
        f"PID|||{patient}",
        f"PV1||I|{identity.point_of_care}^^{identity.bed}",
        f"OBR|1|{control_id}^{device}|{control_id}^{device}"
        f"|182777000^monitoring of patient^SCT|||{at}",
    ]
    rows = [(row, sweep, at, "") for row in _SWEEP]
    if cuff is not None and cuff_at is not None:
        rows += [(row, cuff, format_time(cuff_at), "^APERIODIC") for row in _CUFF]
    for number, (row, vitals, time, method) in enumerate(rows, start=1):
        segments.append(_obx(number, row, vitals, time, method, status))
    return ("\r".join(segments) + "\r").encode()


def _obx(
    number: int,
    row: tuple[str, str, str, str, str, int],
    vitals: VitalSigns,
    time: str,
    method: str,
    status: str,
) -> str:
    quantity, code, name, channel, unit, digits = row
    value = getattr(vitals, quantity)
    text, result = ("", "X") if value is None else (f"{value:.{digits}f}", "R")
    return (
        f"OBX|{number}|NM|{code}^{name}^MDC|{channel}.{code}|{text}|{_UNITS[unit]}||{status}|||"
        f"{result}|||{time}|||{method}"
    ).rstrip("|")


class SimulatedMonitor:
    """Writes one message after another; inflates the cuff every ``cuff_every``."""

    def __init__(
        self,
        identity: MonitorIdentity,
        body: Callable[[datetime], VitalSigns],
        *,
        cuff_every: timedelta = timedelta(minutes=5),
        clock_error: timedelta = timedelta(0),
        demonstration: bool = False,
    ) -> None:
        self.identity = identity
        self._body = body
        self._cuff_every = cuff_every
        self._clock_error = clock_error
        self._demonstration = demonstration
        self._cuff: _CuffMeasurement | None = None
        self._count = 0

    def message(self, now: datetime) -> bytes:
        """The message of this moment (``now`` aware, true time; the monitor's clock may err)."""
        vitals = self._body(now)
        if vitals.sbp_mmhg is not None and (
            self._cuff is None or now - self._cuff.measured_at >= self._cuff_every
        ):
            self._cuff = _CuffMeasurement(now, vitals)
        self._count += 1
        cuff = self._cuff
        return build_oru(
            self.identity,
            control_id=f"{self.identity.eui64[-6:]}{now:%y%m%d%H%M%S}{self._count:05d}",
            sent_at=now + self._clock_error,
            sweep=vitals,
            cuff=cuff.vitals if cuff else None,
            cuff_at=cuff.measured_at + self._clock_error if cuff else None,
            demonstration=self._demonstration,
        )

    async def run(
        self,
        client: "MonitorClient",
        *,
        clock: Callable[[], datetime],
        wait: Callable[[], Awaitable[None]],
        stop: asyncio.Event,
    ) -> None:
        """Send a message, ``wait``, and again until ``stop`` is set.

        ``wait`` ends when the next message is due, in whatever time runs here. A message that
        cannot be delivered is dropped, as a monitor without memory does; the next one is newer.
        """
        while not stop.is_set():
            with contextlib.suppress(DeliveryError):
                await client.send(self.message(clock()))
            await wait()


class DeliveryError(Exception):
    """No acceptance came, after all attempts. ``code`` is the last MSA-1, or empty."""

    def __init__(self, code: str) -> None:
        super().__init__(code or "no answer")
        self.code = code


@dataclass(frozen=True)
class Answer:
    """MSA of an acknowledgment: code, the control id it speaks of, text."""

    code: str
    control_id: str
    text: str


def read_answer(block: bytes) -> Answer:
    """The MSA of an acknowledgment. Raises ValueError where there is none."""
    for segment in block.decode("latin-1").split("\r"):
        fields = [*segment.split("|"), "", "", ""]
        if fields[0] == "MSA":
            return Answer(fields[1], fields[2], fields[3])
    raise ValueError("the answer has no MSA segment")


class MonitorClient:
    """Sends messages one at a time over a kept connection, and opens it again when it breaks.

    Framing is python-hl7's, so that the listener's own framing is not its only judge.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        answer_s: float = 10.0,
        attempts: int = 3,
        retry_s: float = 0.5,
    ) -> None:
        self._host = host
        self._port = port
        self._answer_s = answer_s
        self._attempts = attempts
        self._retry_s = retry_s
        self._streams: tuple[Any, Any] | None = None

    async def __aenter__(self) -> "MonitorClient":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def send(self, message: bytes) -> Answer:
        """Send and wait for acceptance; an error answer or a broken line is tried again.

        Raises :class:`DeliveryError` after the last attempt, and at once on a rejection, which no
        repetition can mend.
        """
        code = ""
        for attempt in range(self._attempts):
            if attempt:
                await asyncio.sleep(self._retry_s * 2 ** (attempt - 1))
            try:
                answer = await self._exchange(message)
            except (OSError, TimeoutError, EOFError, ValueError, InvalidBlockError):
                await self.close()
                continue
            if answer.code in {"AA", "CA"}:
                return answer
            code = answer.code
            if code in {"AR", "CR"}:
                break
        raise DeliveryError(code)

    async def close(self) -> None:
        """Close the connection; the next send opens another."""
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, message: bytes) -> Answer:
        async with asyncio.timeout(self._answer_s):
            if self._streams is None:
                self._streams = await open_hl7_connection(self._host, self._port)
            reader, writer = self._streams
            writer.writeblock(message)
            await writer.drain()
            return read_answer(await reader.readblock())
