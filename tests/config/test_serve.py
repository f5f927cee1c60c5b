"""``evenkeel serve`` as a real process: it opens, heals, ends, and refuses what is unsafe."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bench.home import children_of, cookie_header
from bench.http_wire import Connection
from bench.mllp_wire import MonitorLine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evenkeel.interop.hl7v2.simulate import MonitorIdentity, VitalSigns, build_oru
from tests.crash.traffic import some_event
from tests.installations import ROOT, Installation

pytestmark = [pytest.mark.crash, pytest.mark.sqlite]
PARTS = ("granian", "evenkeel.interop.hl7v2.serve", "evenkeel.live.watcher")


def wait_until(true: Callable[[], object], limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def words_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def parts(supervisor: int) -> dict[str, int]:
    """The running processes right below the supervisor, by what they are."""
    found = {}
    for pid in children_of(supervisor):
        for part in PARTS:
            if f"-m {part}" in words_of(pid):
                found[part] = pid
    return found


def runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


def message(bed: str, control_id: str) -> bytes:
    return build_oru(
        MonitorIdentity(bed=bed),
        control_id=control_id,
        sent_at=datetime.now(UTC),
        sweep=VitalSigns(spo2_percent=97, pulse_bpm=64),
    )


def test_it_opens_serves_heals_and_ends(installation: Installation) -> None:
    made = installation.made
    session = made["sessions"][0]
    with installation.server() as server:
        assert server.process is not None
        line = Connection(server.http_port, cookie_header(made["cookies"][0]))
        assert line.get("/accounts/login/").status in (200, 302)
        assert line.get("/people/").status == 200
        done = line.post_json(f"/api/sessions/{session}/events", some_event(random.Random(3)))
        assert done.status == 201
        assert MonitorLine(server.hl7_port).send(message(made["beds"][0], "a")) == "AA"
        view = line.get(f"/api/sessions/{session}").json()
        assert [e for e in view["events"] if e["via"] == "monitor"][-1]["body"][
            "spo2_percent"
        ] == 97

        wait_until(lambda: len(parts(server.process.pid)) == 3)
        before = parts(server.process.pid)
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        # a killed process may be seen for a moment yet; what counts are three others in its place
        wait_until(lambda: len(_others(server.process.pid, before)) == 3)
        server.wait_until_open()
        wait_until(lambda: _says_yes(line))
        assert MonitorLine(server.hl7_port).send(message(made["beds"][0], "b")) == "AA"

        everything = server.tree()
        assert server.stop() == 0
    assert [pid for pid in everything if runs(pid)] == []
    assert "ended with status -9" in server.log()


def _others(supervisor: int, before: dict[str, int]) -> dict[str, int]:
    """The parts that run now and did not before."""
    return {name: pid for name, pid in parts(supervisor).items() if pid != before[name]}


def _says_yes(line: Connection) -> bool:
    with contextlib.suppress(OSError):
        return line.get("/people/").status == 200
    return False


def test_nothing_outlives_a_killed_supervisor(installation: Installation) -> None:
    server = installation.server().start()
    assert server.process is not None
    wait_until(lambda: len(server.tree()) >= 6)
    everything = server.tree()
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not any(runs(pid) for pid in everything))
    assert can_bind(server.http_port)
    assert can_bind(server.hl7_port)


def test_a_second_one_and_an_upgrade_are_refused_meanwhile(installation: Installation) -> None:
    with installation.server(workers=1) as server:
        assert server.process is not None
        for command in ("serve", "upgrade"):
            refused = installation.command(command)
            assert refused.returncode == 1
            assert f"serve, process {server.process.pid}" in refused.stderr
    assert installation.command("upgrade").returncode == 0


def test_a_demonstration_is_never_opened_as_a_clinic(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    home = Installation(tmp_path, {})
    code = (
        "from bench.home import make_database; make_database()\n"
        "from evenkeel.config.founding import found_if_new; found_if_new(demo=True, seed='1')"
    )
    subprocess.run([sys.executable, "-c", code], env=home.environment, cwd=ROOT, check=True)
    refused = home.command("serve")
    assert refused.returncode == 1
    assert "demonstration, for ever" in refused.stderr


def test_a_database_of_another_version_is_not_served(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    refused = Installation(tmp_path, {}).command("serve")
    assert refused.returncode == 1
    assert "evenkeel upgrade" in refused.stderr


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_off_loopback_it_takes_a_certificate(installation: Installation, tmp_path: Path) -> None:
    settings = installation.home / "evenkeel.toml"
    settings.touch(mode=0o600)
    settings.write_text('host = "0.0.0.0"\n')
    refused = installation.command("serve")
    assert refused.returncode == 1
    assert "without encryption" in refused.stderr
    certificate, key = make_certificate(tmp_path)
    settings.write_text(f'host = "0.0.0.0"\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n')
    with installation.server(workers=1) as server:
        trusting = ssl.create_default_context(cafile=str(certificate))
        address = f"https://localhost:{server.http_port}/accounts/login/"
        with urllib.request.urlopen(address, context=trusting) as answer:
            assert answer.status == 200
            assert "Secure" in (answer.headers["Set-Cookie"] or "")
            assert answer.headers["Strict-Transport-Security"]
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(address.replace("https", "http"), timeout=5)


@pytest.mark.parametrize(
    ("settings", "level", "said"),
    [
        ("", 0, "Pages are served on 127.0.0.1 only."),
        ('host = "0.0.0.0"', 1, "cross the network from 0.0.0.0 without encryption"),
        ('host = "0.0.0.0"\ntls_proxy = "yes"', 0, "served on 0.0.0.0 with TLS"),
        ('host = "0.0.0.0"\ntls_certificate = "/no/such"\ntls_key = "/no"', 1, "not where"),
        ('database = "postgresql://x@127.0.0.1:1/none"', 1, "does not answer"),
        ('database = "mysql://x@127.0.0.1/none"', 1, "must look like postgresql://"),
        ("host = ", 1, "cannot be read"),
    ],
)
def test_doctor_names_what_is_unsafe(
    installation: Installation, settings: str, level: int, said: str
) -> None:
    path = installation.home / "evenkeel.toml"
    path.touch(mode=0o600)
    path.write_text(settings + "\n")
    found = installation.command("doctor")
    assert (found.returncode, said in found.stdout + found.stderr) == (level, True), (
        found.stdout + found.stderr
    )
    assert "Traceback" not in found.stderr


def test_doctor_sees_files_others_can_read(installation: Installation) -> None:
    for name in ("secret_key", "evenkeel.sqlite3"):
        path = installation.home / name
        path.chmod(0o644)
        found = installation.command("doctor")
        assert found.returncode == 1
        assert f"read {name}" in found.stdout
        path.chmod(0o600)
    assert installation.command("doctor").returncode == 0
    settings = installation.home / "evenkeel.toml"
    settings.write_text('database = "postgresql://evenkeel:secret@127.0.0.1:1/none"')
    settings.chmod(0o640)
    assert "read evenkeel.toml" in installation.command("doctor").stdout


def test_the_database_is_made_for_its_owner_alone(installation: Installation) -> None:
    with installation.server(workers=1):
        for path in installation.home.glob("evenkeel.sqlite3*"):
            assert path.stat().st_mode & 0o077 == 0, path
    with contextlib.closing(sqlite3.connect(installation.home / "evenkeel.sqlite3")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
