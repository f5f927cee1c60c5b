"""What may be said of the room as it happens: the fields of each kind of setting event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evenkeel.clinic.session.fields import Choice, Group, Text, YesNo
from evenkeel.clinic.session.setting_items import setting_list

PERSON_ROLES: Final = {
    "nurse": "nurse",
    "therapist": "therapist",
    "prescriber": "prescriber",
    "second_therapist": "second therapist",
    "family": "family or friend",
    "trainee": "in training",
    "other": "somebody else",
}
MUSIC_ACTS: Final = {
    "start": "Music began",
    "change": "Music changed",
    "volume": "Volume changed",
    "stop": "Music stopped",
}
TOUCH_WHAT: Final = {
    "used": "Touch used",
    "asked": "Touch asked for and given",
    "offered_declined": "Touch offered and declined",
    "asked_declined": "Touch asked for and not given",
    "ended": "Touch ended",
}
#: What touch there may have been; the first two are levels of the agreement, from less to more.
TOUCH_WHERE: Final = {"hand": "hand", "hand_shoulder": "shoulder", "other": "elsewhere"}
INTERVENTIONS: Final = {
    "words": "Calming words",
    "breathing": "Breathing",
    "grounding": "Grounding",
    "guidance": "Guidance",
    "silence": "Silence kept",
    "position": "Position changed",
    "light": "Light changed",
    "bathroom": "Went to the bathroom",
    "other": "Something else",
}

#: Kind -> (fields, those that are needed).
SETTING_FIELDS: Final[dict[str, tuple[Mapping[str, Any], frozenset[str]]]] = {
    "setting": (
        {
            "items": Group({item.id: Text(300) for item in setting_list().in_words}),
            "note": Text(400),
        },
        frozenset(),
    ),
    "music": (
        {
            "what": Choice(tuple(MUSIC_ACTS)),
            "title": Text(200),
            "volume": Choice(("low", "middle", "loud")),
            "asked_by": Choice(("person", "staff")),
            "note": Text(400),
        },
        frozenset({"what"}),
    ),
    "person_entered": (
        {"name": Text(160, True), "role": Choice(tuple(PERSON_ROLES)), "note": Text(400)},
        frozenset({"name", "role"}),
    ),
    "person_left": (
        {"name": Text(160, True), "role": Choice(tuple(PERSON_ROLES)), "note": Text(400)},
        frozenset({"name"}),
    ),
    "touch": (
        {
            "what": Choice(tuple(TOUCH_WHAT)),
            "where": Choice(tuple(TOUCH_WHERE)),
            "by_name": Text(160),
            "note": Text(400),
            # filled in by the house, from the agreement that stood then
            "agreed": Text(40),
            "beyond": YesNo(),
        },
        frozenset({"what"}),
    ),
    "stop_word": ({"followed": YesNo(), "note": Text(400)}, frozenset({"followed"})),
    "intervention": (
        {"what": Choice(tuple(INTERVENTIONS)), "note": Text(600)},
        frozenset({"what"}),
    ),
    "disturbance": ({"what": Text(300, True), "reaction": Text(400)}, frozenset({"what"})),
    "guide_step": ({"step": Text(40, True), "done": YesNo()}, frozenset({"step", "done"})),
}
SETTING_KINDS: Final = frozenset(SETTING_FIELDS)


def crossed(kind: str, body: dict[str, Any]) -> dict[str, str]:
    """What is wrong between the fields of one event."""
    if kind == "setting" and not any((*body.get("items", {}).values(), body.get("note"))):
        return {"items": "Write at least one of them."}
    if kind == "music" and body["what"] in ("start", "change") and not body.get("title"):
        return {"title": "Name what is played."}
    if kind == "music" and body["what"] == "volume" and not body.get("volume"):
        return {"volume": "Choose how loud."}
    if kind == "touch" and body["what"] in ("used", "asked") and not body.get("where"):
        return {"where": "Say where."}
    if kind in ("intervention",) and body["what"] == "other" and not body.get("note"):
        return {"note": "Say what."}
    return {}


def setting_words(kind: str, body: Mapping[str, Any]) -> str:
    """One setting event in words; empty for any other kind."""
    if kind not in SETTING_KINDS:
        return ""
    return _WORDS[kind](body)


def _ending(body: Mapping[str, Any], name: str = "note") -> str:
    return f": {body[name]}" if body.get(name) else ""


def _setting(body: Mapping[str, Any]) -> str:
    titles = {item.id: item.title for item in setting_list().items}
    said = [f"{titles[key].lower()}: {words}" for key, words in body.get("items", {}).items()]
    return "Setting, " + "; ".join([*said, *([body["note"]] if body.get("note") else [])])


def _music(body: Mapping[str, Any]) -> str:
    words = MUSIC_ACTS[body["what"]] + (f", “{body['title']}”" if body.get("title") else "")
    words += f", {body['volume']}" if body.get("volume") else ""
    return words + (", as the person asked" if body.get("asked_by") == "person" else "")


def _touch(body: Mapping[str, Any]) -> str:
    words = TOUCH_WHAT[body["what"]]
    words += f", {TOUCH_WHERE[body['where']]}" if body.get("where") else ""
    words += f", {body['by_name']}" if body.get("by_name") else ""
    beyond = ". Wider than agreed" if body.get("beyond") else ""
    return words + _ending(body) + beyond


def _person(verb: str, body: Mapping[str, Any]) -> str:
    role = PERSON_ROLES.get(body.get("role", ""), "")
    return f"{body['name']}{f' ({role})' if role else ''} {verb}{_ending(body)}"


_WORDS: Final = {
    "setting": _setting,
    "music": _music,
    "person_entered": lambda body: _person("came in", body),
    "person_left": lambda body: _person("left the room", body),
    "touch": _touch,
    "stop_word": lambda body: (
        "Stop word said"
        + (", everything stopped" if body["followed"] else ", not everything stopped")
        + _ending(body)
    ),
    "intervention": lambda body: INTERVENTIONS[body["what"]] + _ending(body),
    "disturbance": lambda body: (
        f"Disturbance: {body['what']}" + (f"; {body['reaction']}" if body.get("reaction") else "")
    ),
    "guide_step": lambda body: (
        f"Step {'done' if body['done'] else 'opened again'}: {body['step'].replace('_', ' ')}"
    ),
}
