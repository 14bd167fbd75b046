# Everything a newcomer, a developer and CI do, by one name each. Needs Python 3.11 or newer, make and git.
SHELL := /bin/bash
VENV ?= .venv
PORT ?= 8000
BENCH ?= index ingest search
# More words for pytest or a benchmark: make test ARGS="tests/core -x"
ARGS ?=
# A process a core, four at most; the tests of a file stay together, as they share what they have indexed.
SPREAD ?= -n logical --maxprocesses 4 --dist loadfile

BIN := $(VENV)/bin
BASE := $(VENV)/.installed-base
DEV := $(VENV)/.installed-dev
TRAIN := $(VENV)/.installed-train

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help install demo test test-train test-slow check format web check-web bench docs size pin clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

install: $(BASE) ## install ShopLens into .venv, with the pinned versions

demo: $(BASE) ## the demo shop at http://127.0.0.1:8000 (PORT=)
	$(BIN)/shoplens demo --port $(PORT) $(ARGS)

test: $(DEV) ## the tests (some thirteen minutes on two cores; no torch needed)
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

test-train: $(TRAIN) ## the tests that need torch, and those that need the packages of hub models
	$(BIN)/python -m pytest -m train $(ARGS)
	$(BIN)/python -m pytest tests/switching tests/encoders/hub $(ARGS)

test-slow: $(TRAIN) ## the long tests: kill -9, traces, soak
	$(BIN)/python -m pytest -m slow $(ARGS)

check: $(DEV) ## style, types, import rules, scripts, references that are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	set -e; for script in scripts/*.sh .ci/run; do bash -n "$$script"; done
	$(BIN)/python scripts/write_reference.py --check

format: $(DEV) ## put the source into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

web: $(DEV) web/node_modules ## build the pages of web/ (needs Node 18.20 or newer)
	mkdir -p build
	$(BIN)/python scripts/write_openapi.py build/openapi.json
	cd web && npm run --silent api && npm run --silent types && npm run --silent build

check-web: $(DEV) ## build web/ elsewhere and compare with what is committed (needs Node)
	mkdir -p build
	$(BIN)/python scripts/write_openapi.py build/openapi.json
	scripts/check_web.sh --types

bench: $(DEV) ## the benchmarks, one after the other (BENCH="index ingest search")
	set -e; for name in $(BENCH); do $(BIN)/python "benchmarks/$$name.py" $(ARGS); done

docs: $(DEV) ## write those pages of docs/reference anew that are made from the source
	$(BIN)/python scripts/write_reference.py

size: ## install the base into an empty place and measure it (at most 350 MB)
	scripts/measure_install.sh

pin: ## write the pin files anew from pyproject.toml (UPGRADE=1: the newest versions)
	scripts/pin.sh

clean: ## remove what was built or cached; keeps .venv and shops
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

web/node_modules: web/package-lock.json
	cd web && npm install --no-save --loglevel=error
	@touch $@

$(BASE): requirements.txt requirements-build.txt pyproject.toml
	scripts/install.sh $(VENV) base
	@touch $@

$(DEV): requirements-dev.txt $(BASE)
	scripts/install.sh $(VENV) dev
	@touch $@

$(TRAIN): requirements-train.txt $(DEV)
	scripts/install.sh $(VENV) train
	@touch $@
