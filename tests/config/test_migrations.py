"""The steps that make the tables: they end at the models, by whichever way they are gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

pytestmark = pytest.mark.django_db

STEPS = MigrationLoader(None, replace_migrations=False).disk_migrations
#: What makes an app's tables at once on an empty database, and the last step that it stands for.
AT_ONCE = {key: step.replaces[-1] for key, step in STEPS.items() if step.replaces}


def test_no_model_differs_from_what_the_steps_make() -> None:
    loader = MigrationLoader(connection)
    found = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(
        graph=loader.graph
    )
    assert found == {}


@pytest.mark.parametrize("at_once", AT_ONCE, ids=lambda key: key[0])
def test_an_empty_database_gets_what_the_steps_one_by_one_make(at_once: tuple[str, str]) -> None:
    app, _ = at_once
    graph = MigrationLoader(None, replace_migrations=False).graph
    one_by_one = graph.make_state(nodes=[AT_ONCE[at_once]])
    whole = graph.make_state(nodes=[at_once])
    assert _models(whole, app) == _models(one_by_one, app)


def _models(state: ProjectState, app: str) -> dict[str, Any]:
    return {key[1]: _drawn(model) for key, model in state.models.items() if key[0] == app}


def _drawn(model: ModelState) -> dict[str, Any]:
    """A model by what its table follows from; which column stands first says nothing."""
    options = dict(model.options)
    parts = {
        kind: sorted(repr(part.deconstruct()) for part in options.pop(kind, ()))
        for kind in ("indexes", "constraints")
    }
    fields = {name: repr(field.deconstruct()[1:]) for name, field in model.fields.items()}
    return {"fields": fields, "options": options, "bases": model.bases, **parts}
