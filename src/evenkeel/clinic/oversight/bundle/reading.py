"""The words that lie in the archive, for whoever gets it and knows nothing of evenkeel."""

from __future__ import annotations

from typing import Any, Final

_WITHHELD: Final = """Nobody who was treated is named. In their place stands a sign such as
P-0A1B2C3D4E5F: the same person has the same sign everywhere in this bundle, and
another in every other. Free text about a person is left out, and so are names
that would stand in other text ([withheld]). The clinic can tell which person a
sign means from the number of the bundle: {bundle}"""
_NAMED: Final = """People are named. This was allowed by {allowed_by}.
Reason: {reason}"""


def readme(said: dict[str, Any]) -> str:
    """README.txt of a bundle whose manifest says this."""
    people = (_NAMED if said["identified"] else _WITHHELD).format(**said)
    parts = "\n".join(
        f"  {part['name'] + '/':14}{part['title']}: "
        + ", ".join(f"{name} ({count})" for name, count in part["rows"].items())
        for part in said["parts"]
    )
    demo = "\nA DEMONSTRATION: everybody in it is invented.\n" if said["demonstration"] else ""
    return f"""INSPECTION BUNDLE
{said["organisation"]}
{demo}
Sites   {", ".join(said["sites"])}
Time    {said["from"]} to {said["to"]}, whole days in {said["zone"]}
Made    {said["made_at"]} by {said["made_by"]}
Bundle  {said["bundle"]}
Key     {said["key"]}

WHAT IS IN IT
Open index.html in a browser. Each table is there three times with the same
content: a page to read (.html), a file for a spreadsheet (.csv) and a file for
programs (.json). In the CSV a ' stands before what a spreadsheet would take
for a formula. Times are in UTC.

{parts}

PEOPLE
{people}

HOW TO CHECK IT
Install evenkeel {said["version"]} or newer on any machine with Python, then:

  evenkeel verify THIS-FILE.zip

It needs no database, no settings and no network, and looks at:
  1. manifest.json is signed (Ed25519) by the key in keys.jsonl that signed
     head.json, and lists every file with its SHA-256;
  2. pages and CSV say exactly what the JSON says;
  3. in audit/entries each entry follows from the one before it (its hash is in
     the next), entries told whole give their hash again, and the whole run
     stands in the Merkle tree (RFC 6962) whose root head.json signs;
  4. in ledger/ every balance follows from its lines;
  5. the text of every protocol is the one whose hash was signed.

WHAT THAT CANNOT SHOW
  - Whether the key is this clinic's. Compare the key above with the one the
    clinic made known before, or give a folder of its heads that you keep
    yourself: evenkeel verify THIS-FILE.zip --heads FOLDER
  - Whether what was recorded is true, or whether something was never recorded.
  - Of entries marked "part", more than their place: some of what they were made
    of is withheld, so their hash cannot be worked out again. Of those marked
    "place", which belong to other sites, nothing is told but their place.
  - That rows of the other tables are those of the record: the clinic signs that
    they are, and its own "evenkeel verify" checks it against the database.
"""
