"""``evenkeel signatures``: is every signed record what was signed?"""

from __future__ import annotations

import argparse

from evenkeel.clinic.record.signed import check_signature, is_signed, signed_models

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def run(arguments: argparse.Namespace) -> int:
    """Work out the hash of every signed record anew; status 1 where one is not what was signed."""
    wrong: list[str] = []
    unkept = total = 0
    for model, kind in signed_models():
        counted = 0
        for row in model._default_manager.order_by("pk").iterator(chunk_size=500):
            if not is_signed(row):
                continue
            counted += 1
            check = check_signature(row)
            if not check.signed_hash:
                unkept += 1
            elif not check.holds:
                wrong.append(f"{kind.name} {row.pk}: {', '.join(check.changed)}")
        print(f"{counted:7,}  {kind.name}")
        total += counted
    for line in wrong[:_SHOWN]:
        print(f"CHANGED  {line}")
    if len(wrong) > _SHOWN:
        print(f"         and {len(wrong) - _SHOWN} more")
    if unkept:
        print(f"{unkept} cannot be checked: what was kept at signing is not there any more.")
    print(
        f"{total} signatures checked; {'all hold.' if not wrong else f'{len(wrong)} do NOT hold.'}"
    )
    return int(bool(wrong))
