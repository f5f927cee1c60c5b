"""What stands in the database beside the tables, and could act by itself."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

from evenkeel.clinic.record.check_chain import Break

_SQLITE = "SELECT type, name, tbl_name FROM sqlite_master WHERE type IN ('trigger', 'view')"
_POSTGRES = """
    SELECT 'trigger', t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT t.tgisinternal AND n.nspname = current_schema()
    UNION ALL SELECT 'rule', r.rulename, r.tablename FROM pg_rules r
      WHERE r.schemaname = current_schema()
    UNION ALL SELECT 'view', v.viewname, v.viewname FROM pg_views v
      WHERE v.schemaname = current_schema()
"""


def check_schema() -> list[Break]:
    """Triggers, rules and views, of which evenkeel makes none; and tables that are not there."""
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE if connection.vendor == "sqlite" else _POSTGRES)
        found = [
            Break(
                None, f"the database holds a {kind} {name} on {table}, which evenkeel never makes"
            )
            for kind, name, table in cursor.fetchall()
        ]
        there = {t.name for t in connection.introspection.get_table_list(cursor) if t.type != "v"}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and model._meta.db_table not in there:
            found.append(Break(None, f"the table {model._meta.db_table} is gone"))
    return found
