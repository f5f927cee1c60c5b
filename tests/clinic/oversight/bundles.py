"""A clinic with something to inspect, and ways to spoil a bundle of it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evenkeel.clinic.oversight.actions.make_bundle import make_bundle
from evenkeel.clinic.oversight.bundle.archive import Written
from evenkeel.clinic.oversight.bundle.form import table_csv, table_html, table_json
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.audit_key import make_first_key
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.sealing import canonical
from tests.clinic.outcome.conftest import make_patient
from tests.clinic.stock.makers import build_shelves
from tests.clinic_factory import Clinic

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
Files = dict[str, bytes]


def fill(clinic: Clinic) -> Patient:
    """A ledger with lines, a person whose record was read, and something at another site."""
    make_first_key(clinic.system)
    shelves = build_shelves(clinic)
    shelves.received(count=2)
    patient = make_patient(clinic, "Zephyrine", "Quillfeather")
    ctx = clinic.as_("session_nurse")
    log_read(ctx, "page of a person", patient_id=patient.pk, site_id=patient.site_id)
    log_read(
        Context(ctx.actor, ctx.clock, reason="Zephyrine asked for it"),
        "list",
        site_id=clinic.site.pk,
    )
    log_read(clinic.as_("prescriber_elsewhere"), "list", site_id=clinic.other_site.pk)
    return patient


def make(ctx: Context, to: Path, **given: Any) -> Written:
    return make_bundle(ctx, **{"first_day": FIRST, "last_day": LAST, "to": to, **given})


def unpacked(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Files, to: Path) -> Path:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return to


def table(files: Files, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files[f"{name}.json"])
    return found


def rewritten(files: Files, name: str, change: Callable[[dict[str, Any]], None]) -> Files:
    """The table changed in all three of its files, so that they agree with each other."""
    found = table(files, name)
    change(found)
    part = json.loads(files["manifest.json"])["parts"]
    title = next(one["title"] for one in part if one["name"] == name.split("/")[0])
    return files | {
        f"{name}.json": table_json(found),
        f"{name}.csv": table_csv(found),
        f"{name}.html": table_html(found, title),
    }


def resummed(files: Files, sign_with: Ed25519PrivateKey | None = None, **said: Any) -> Files:
    """The manifest made to fit the files again; signed where a key is given."""
    manifest = json.loads(files["manifest.json"]) | said
    signature = manifest.pop("signature")
    manifest["files"] = [
        {"name": n, "bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()}
        for n, c in sorted(files.items())
        if n != "manifest.json"
    ]
    if sign_with is not None:
        signature = base64.b64encode(sign_with.sign(canonical(manifest).encode())).decode()
    manifest["signature"] = signature
    return files | {"manifest.json": json.dumps(manifest).encode()}


def cells(files: Files, name: str) -> list[dict[str, str]]:
    """A CSV as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())))
