"""What people say in the demonstration. Invented, kind, and nobody's own."""

from __future__ import annotations

import random
from typing import Final

#: Said under or after the drug, as a nurse writes it down.
IN_SESSION: Final = (
    "Like lying on a slow boat. I could let go of the oars.",
    "Everything far away, and that was all right.",
    "I saw the kitchen of my grandmother, with the blue cups.",
    "My hands felt very large and very calm.",
    "A lot of green. Then just quiet.",
    "I was a little frightened, then it passed like weather.",
    "I thought of the letter I never sent.",
    "For a while nobody needed anything from me.",
    "The music had corners. I liked the corners.",
    "I cried, and it was a good sort of crying.",
    "I do not remember much. It was warm.",
    "I could look at the sad thing without holding it.",
    "It felt like permission to stop.",
    "Somebody had opened a window in the room.",
)
#: What the therapist keeps of it, a few words each.
THEMES: Final = (
    "Permission to stop",
    "The unfinished letter",
    "Being looked after",
    "A place by the sea",
    "Grief, then ease",
    "Little recalled",
    "Frightened for ten minutes, then calm",
    "Her own voice again",
    "An old workshop",
    "Sleep without dread",
)
INTENTIONS: Final = (
    "To rest from arguing",
    "To sleep without dread",
    "To find one good hour a day",
    "To write the letter",
    "To be easier company at breakfast",
    "To stop counting the hours",
)
STOP_WORDS: Final = ("lantern", "anchor", "meadow", "pebble", "harbor", "willow", "teapot")
ESCORTS: Final = ("sister", "brother", "partner", "neighbor", "friend", "daughter", "father")
REFERRERS: Final = (
    "Dr Paula Platzhalter, general practice",
    "Dr Milan Musterov, psychiatry",
    "Dr Jo Fabrikat, psychiatry",
    "Self-referred",
    "Harbor Day Hospital (synthetic)",
)
SETTING: Final = (
    "Music low strings, no voice. Lamp only, blind half down.",
    "Music slow water. Eye mask on. Blanket.",
    "No music. Window open a hand's width.",
    "Own playlist. Dim light. Shoes off.",
)


def pick(seed: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``, always the same for the same seed."""
    return random.Random(seed).choice(choices)  # noqa: S311 - a stage prop
