# Two commands matter: `make demo` and `make test`. The rest is for people who work on evenkeel.
PORT ?= 8000
HL7_PORT ?= 2575
SPEED ?= 1
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo test checked suite coverage mutate soak lint format packages screenshots bench bench-pharmacology lock clean

demo: $(VENV)/.run
	@$(BIN)/evenkeel demo --port $(PORT) --hl7-port $(HL7_PORT) --speed $(SPEED)

# What does not wait for another goes side by side.
test:
	@$(MAKE) --no-print-directory -j2 packages $(VENV)/.dev
	@$(BIN)/ruff check src tests bench
	@$(BIN)/ruff format --check src tests bench
	@$(MAKE) --no-print-directory -j2 checked suite

checked:
	@$(BIN)/mypy
	@$(BIN)/lint-imports

suite:
	@$(BIN)/python -m tests.run

coverage: packages $(VENV)/.dev
	@$(BIN)/python -m tests.run --coverage

soak: packages $(VENV)/.dev
	@EVENKEEL_SOAK=1 $(BIN)/python -m tests.run --soak

lint: $(VENV)/.dev
	@$(BIN)/ruff check --fix src tests bench
	@$(BIN)/ruff format src tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.dev
	@$(BIN)/evenkeel bench web

# The peers come with the extra: at versions stated in pyproject.toml, not in the lock files.
bench-pharmacology: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@$(BIN)/evenkeel bench pharmacology

# Changes src/evenkeel/protocol/rules while it runs and puts each step back: only on a clean tree.
# The tool comes with the extra: at the version stated in pyproject.toml, not in the lock files.
MUTATIONS := build/mutations.sqlite
mutate: $(VENV)/.dev
	@git diff --quiet HEAD -- src/evenkeel/protocol/rules || { echo "Commit the rules first"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mutation]'
	@mkdir -p build
	@$(BIN)/cosmic-ray init tests/protocol/mutation.toml $(MUTATIONS) --force
	@$(BIN)/cr-filter-operators $(MUTATIONS) tests/protocol/mutation.toml
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cosmic-ray exec tests/protocol/mutation.toml $(MUTATIONS)
	@$(BIN)/cr-report --surviving-only --show-diff $(MUTATIONS)
	@$(BIN)/python -m tests.mutation_rate $(MUTATIONS) 90

screenshots: packages $(VENV)/.dev
	@$(BIN)/python -m tests.browser.screenshots docs/pictures

# what the tests need beyond Python: installed where we may, else the tests say what is missing
packages:
	@sh tests/packages.sh

lock:
	@sh tests/lock.sh

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what evenkeel needs (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what evenkeel and its tests need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@ $(VENV)/.run

clean:
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
