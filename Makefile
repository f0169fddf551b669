# aops-indb: what each target does is its comment; a bare `make` prints them.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(p))))
BIN := .venv/bin
READY := .venv/.ready
DEV := .venv/.ready-dev
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-package aops-indb \
    --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint bench bench-forests bench-features docs lock clean

help: ## print what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## the main job on a year of real flights: features, models, scores
	@$(BIN)/python -m aops_indb.demo

test: $(DEV) ## the test suite, in minutes; on Spark a selection of the models
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

test-long: $(DEV) ## what `make test` leaves out: the other models on Spark, and all in ClickHouse
	@$(BIN)/python -m pip install -q --disable-pip-version-check chdb==4.4.0
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m long

lint: $(DEV) ## formatting, lint rules, types, compiled SQL and generated docs up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

bench: $(DEV) ## measure speed and memory; prints a table, writes bench/results/
	$(BIN)/python -m bench
	$(BIN)/python -m bench.models

bench-forests: $(DEV) .peers/orbital ## forests as SQL against their libraries, ONNX Runtime and orbital; writes bench/results/
	$(BIN)/python -m bench.forests --orbital .peers/orbital/bin/python

bench-features: $(DEV) .peers/feast ## point-in-time joins and windows against Feast and SQL by hand; writes bench/results/
	$(BIN)/python -m bench.features --feast .peers/feast/bin/python

docs: $(DEV) ## write docs/reference/ and sql/compiled/ anew from the code
	$(BIN)/python docs/generate.py

lock: $(READY) ## resolve requirements.lock and requirements-dev.lock anew from pyproject.toml
	$(BIN)/pip install -q uv
	$(LOCK) --extra example --extra build -o requirements.lock
	$(LOCK) --all-extras --constraint requirements.lock -o requirements-dev.lock

clean: ## remove what the other targets made
	rm -rf .venv .peers .mypy_cache .ruff_cache .pytest_cache .hypothesis warehouse.duckdb* build dist

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "aops-indb needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into .venv, once …"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# what development needs on top
$(DEV): $(READY) requirements-dev.lock
	@echo "Installing what tests need, once …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $(DEV)

# what is measured against, each in an environment of its own
.peers/%: bench/peers/%.txt
	@echo "Installing $* into $@, once …"
	@$(PYTHON) -m venv --clear $@
	@$@/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@
