"""The form of a bundle: names, limits, and how its tables are written. No framework."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import Any, Final

FORMAT: Final = "evenkeel-inspection/1"
MANIFEST, HEAD, KEYS, README, INDEX, STYLE = (
    "manifest.json",
    "head.json",
    "keys.jsonl",
    "README.txt",
    "index.html",
    "style.css",
)
#: A bundle is refused beyond these: it is a report that people read, not a copy of a database.
MOST_FILES: Final = 200
MOST_BYTES_A_FILE: Final = 300 * 1024 * 1024
MOST_BYTES: Final = 800 * 1024 * 1024
MOST_MANIFEST_BYTES: Final = 1024 * 1024
#: A page of more rows does not open in every browser; the others stand in the CSV.
ROWS_ON_A_PAGE: Final = 5000
_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![\d.]+\Z)")


def table_json(table: dict[str, Any]) -> bytes:
    """A table as JSON, one row a line."""
    head = {key: table[key] for key in ("name", "title", "says", "columns", "beside")}
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in table["rows"])
    return f'{opening}, "rows": [\n{rows}\n]}}\n'.encode("utf-8", "surrogatepass")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def table_csv(table: dict[str, Any]) -> bytes:
    """A table as CSV (RFC 4180, UTF-8). What a spreadsheet would run as a formula gets a ' before
    it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([heading for _, heading in table["columns"]])
    for row in table["rows"]:
        cells = [_cell(row.get(key)) for key, _ in table["columns"]]
        writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells])
    return out.getvalue().encode("utf-8", "surrogatepass")


def table_html(table: dict[str, Any], part_title: str) -> bytes:
    """A table as a page to read and print; it loads nothing but the bundle's own style."""
    columns = table["columns"]
    heads = "".join(f'<th scope="col">{html.escape(heading)}</th>' for _, heading in columns)
    lines = []
    for row in table["rows"][:ROWS_ON_A_PAGE]:
        cells = "".join(f"<td>{html.escape(_cell(row.get(key)))}</td>" for key, _ in columns)
        lines.append(f"<tr>{cells}</tr>")
    count = len(table["rows"])
    more = ""
    if count > ROWS_ON_A_PAGE:
        more = f"<p>The first {ROWS_ON_A_PAGE} of {count} rows; all of them stand in the CSV.</p>"
    body = '<p class="empty">Nothing of this kind in this time.</p>'
    if lines:
        joined = "\n".join(lines)
        body = f"<table><thead><tr>{heads}</tr></thead><tbody>\n{joined}\n</tbody></table>"
    text = (
        f'{page_head(table["title"], "../")}<p><a href="../{INDEX}">{html.escape(part_title)}'
        f"</a></p><h1>{html.escape(table['title'])}</h1><p>{html.escape(table['says'])}</p>"
        f"<p>{count} row{'' if count == 1 else 's'}.</p>{more}{body}{PAGE_FOOT}"
    )
    return text.encode("utf-8", "surrogatepass")


def page_head(title: str, up: str = "") -> str:
    """The beginning of a page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="stylesheet" href="{up}{STYLE}"></head>'
        "<body><main>"
    )


PAGE_FOOT: Final = "</main></body></html>\n"
STYLE_TEXT: Final = """:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 80rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; }
a { color: inherit; } .empty { opacity: .75; } dt { font-weight: 600; } dd { margin: 0 0 .5rem; }
table { border-collapse: collapse; font-size: .85rem; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid #8886; max-width: 40rem; overflow-wrap: anywhere;
  white-space: pre-wrap; }
th { position: sticky; top: 0; background: Canvas; white-space: nowrap; }
code { overflow-wrap: anywhere; }
@media print { main { max-width: none; padding: 0; } table { font-size: 8pt; display: table; } }
"""


def files_of_table(part: str, part_title: str, table: dict[str, Any]) -> dict[str, bytes]:
    """The three files of a table, by their names in the archive."""
    base = f"{part}/{table['name']}"
    return {
        f"{base}.csv": table_csv(table),
        f"{base}.html": table_html(table, part_title),
        f"{base}.json": table_json(table),
    }
