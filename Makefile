# aops-indb: what each target does is its comment; a bare `make` prints them.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(p))))
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs lock clean

help: ## print what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## the main job on a year of real flights: features, models, scores
	@$(BIN)/python -m aops_indb.demo

test: $(READY) ## the whole test suite
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

lint: $(READY) ## formatting, lint rules, types, compiled SQL and generated docs up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

bench: $(READY) ## measure speed and memory; prints a table, writes bench/results/
	$(BIN)/python -m bench

docs: $(READY) ## write docs/reference/ and sql/compiled/ anew from the code
	$(BIN)/python docs/generate.py

lock: $(READY) ## resolve requirements.lock anew from pyproject.toml
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --all-extras --no-emit-package aops-indb \
	    --no-header pyproject.toml -o requirements.lock

clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis warehouse.duckdb* build dist

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "aops-indb needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into .venv, once …"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
