# `make demo` shows it, `make test` proves it. Both set up what they need in .venv, from Python >= 3.11 alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# One process per core. The tests start interpreters by the dozen: none of them should have to compile anything.
PARALLEL := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=8 --dist=worksteal

# How much more than `make test` a campaign tries.
SEEDS ?= 200
HISTORIES ?= 5000

# What a campaign of the laboratory has finished is in these files: it goes on where it was stopped.
HOUR_SEEDS ?= 10000
DAY_SEEDS ?= 200
CAMPAIGN ?= .chaos

.PHONY: demo test strangers conformance coverage lint type testnet leaks campaign clean
.PHONY: chaos chaos-hours chaos-days mutants interleavings naive

# A file of its own says that the environment is whole: a half-made one is made again.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint,type]'
	@touch $@ $(VENV)/.run

demo: $(VENV)/.run
	@$(BIN)/user-stream demo

test: $(VENV)/.test
	@$(PARALLEL)

# Measuring costs as much again as the tests themselves.
coverage: $(VENV)/.test
	@$(PARALLEL) --cov --cov-report=term:skip-covered

# Other people's clients have an environment of their own: they bring half of PyPI along.
$(VENV)-strangers/.made: pyproject.toml | $(VENV)/.made
	$(BIN)/python -m venv --clear $(VENV)-strangers
	$(VENV)-strangers/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test,strangers]'
	@touch $@

strangers: $(VENV)-strangers/.made
	@$(VENV)-strangers/bin/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal tests/strangers

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: $(VENV)/.test
	$(BIN)/mypy

testnet: $(VENV)/.test
	$(BIN)/python -m pytest -m testnet -rs tests/testnet

campaign: $(VENV)/.test
	@LEDGER_HISTORIES=$(HISTORIES) $(PARALLEL) --hypothesis-profile=campaign --seeds=$(SEEDS) \
	  -m seeds tests
	@LEDGER_HISTORIES=$(HISTORIES) $(PARALLEL) --hypothesis-profile=campaign tests/user_stream/core tests/simulator/core

# Fresh seeds each time; those that are printed are replayed with `simulator chaos --seed`.
chaos: $(VENV)/.run
	@$(BIN)/simulator chaos --seeds 100 --hours 1

chaos-hours: $(VENV)/.run
	@mkdir -p $(CAMPAIGN)
	$(BIN)/simulator chaos --first 0 --seeds $(HOUR_SEEDS) --hours 1 --resume $(CAMPAIGN)/hours.jsonl --report $(CAMPAIGN)/hours.md

chaos-days: $(VENV)/.run
	@mkdir -p $(CAMPAIGN)
	$(BIN)/simulator chaos --first 0 --seeds $(DAY_SEEDS) --hours 24 --resume $(CAMPAIGN)/days.jsonl --report $(CAMPAIGN)/days.md

mutants: $(VENV)/.test
	@$(BIN)/python -m tests.mutants

interleavings: $(VENV)/.run
	@$(BIN)/simulator interleavings

naive: $(VENV)/.run
	@$(BIN)/python -m benchmarks.naive --seeds 100

conformance: $(VENV)/.test
	@$(BIN)/python -m tests.contract.conformance

leaks: $(VENV)/.test
	@$(BIN)/python -m benchmarks.leaks

clean:
	rm -rf $(VENV) $(VENV)-strangers .tox .mypy_cache .ruff_cache .pytest_cache .coverage build dist
