#!/bin/sh
# Writes the lock files anew: exact versions and hashes, no download addresses. Needs `uv`.
set -eu
common="--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --universal --python-version 3.11 --quiet"
# shellcheck disable=SC2086
uv pip compile pyproject.toml --extra postgres --extra plots --extra tables $common -o requirements.lock
# shellcheck disable=SC2086
uv pip compile pyproject.toml --extra postgres --extra plots --extra tables --extra gpu --extra dev --constraint requirements.lock $common -o requirements-dev.lock
