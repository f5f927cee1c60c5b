"""Published mean courses of depression scores, to be shown beside one person's.

They are shares of the baseline score, so that a course rated by clinicians can stand as a shape
beside a self-rated one; that carrying over is an assumption, and whoever shows it says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("published_courses.json")


@dataclass(frozen=True)
class PublishedCourse:
    """One mean course: `points` are (day, share of the baseline left), the first (0, 1)."""

    id: str
    label: str
    drug: str
    scale: str
    people: int
    points: tuple[tuple[float, float], ...]
    statement: str
    source: str
    mark: str


@cache
def published_courses() -> tuple[PublishedCourse, ...]:
    """Every published course, in the order shown. Raises ValueError for a file that contradicts."""
    found = []
    for entry in json.loads(FILE.read_text(encoding="utf-8"))["courses"]:
        points = tuple((float(p["day"]), float(p["left"])) for p in entry["points"])
        days = [day for day, _ in points]
        if points[0] != (0.0, 1.0) or days != sorted(set(days)):
            raise ValueError(f"{entry['id']}: begins at day 0 with 1, and days rise")
        if not all(0 <= left <= 1.5 for _, left in points):
            raise ValueError(f"{entry['id']}: a share is out of range")
        found.append(
            PublishedCourse(
                entry["id"],
                entry["label"],
                entry["drug"],
                entry["scale"],
                int(entry["people"]),
                points,
                entry["statement"],
                entry["source"],
                entry["mark"],
            )
        )
    return tuple(found)
