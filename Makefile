# Every target does its own set-up: a virtual environment in .venv, the locked packages, this project.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
STUDENTS ?= 1000
# Two workers suit two cores; more cores use `make test WORKERS=8`.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest

.PHONY: demo test fast coverage test-hazards test-services deep bench bench-full docs lint types lock wheel clean

demo: $(READY)
	$(BIN)/oneroster demo --students $(STUDENTS)

test: $(READY)
	$(PYTEST) -n $(WORKERS) --dist worksteal -m "not deep and not live and not services and not hazards"

# The rest of the keystone (one quirk to each check stands in `make test`), and the long plays.
test-hazards: $(READY)
	$(PYTEST) -n $(WORKERS) --dist worksteal -m hazards

# The tests that need no server: under a minute.
fast: $(READY)
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not deep and not live and not services and not served and not slow and not hazards"

# Lines that the tests run, in the servers and commands that they start as well.
coverage: $(READY)
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not deep and not live and not services" --cov --cov-report=term

# Real services: an installed PostgreSQL, a browser, the wheel in an empty environment. A missing one fails.
test-services: $(READY)
	.ci/services
	$(PYTEST) -m services

deep: $(READY)
	$(PYTEST) -m deep

bench: $(READY)
	$(BIN)/python -m benchmarks

bench-full: $(READY)
	$(BIN)/python -m benchmarks --full

docs: $(READY)
	$(BIN)/python -m oneroster_standard.documentation docs
	$(BIN)/python -m mock_server.documentation docs
	$(BIN)/python -m mock_server.delivery.documentation docs
	$(BIN)/python -m data_gen.documentation docs
	$(BIN)/python -m conformance.documentation docs

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy oneroster_standard oneroster_harness data_gen mock_server conformance sync_engine

# Versions and hashes only: the installer asks whichever index it is configured for. What is locked stays; newer versions: make lock UPGRADE=--upgrade
lock: $(READY)
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/python .ci/locked_names.py > $(VENV)/locked.in
	$(BIN)/pip-compile --quiet $(UPGRADE) --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-options --output-file requirements.lock $(VENV)/locked.in

wheel: $(READY)
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@rm -rf build *.egg-info # a stale one in this folder would hide the entry points of the installed package

clean:
	rm -rf $(VENV) build dist *.egg-info oneroster-demo report.html

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Python 3.11 or later is needed; try make PYTHON=python3.12"; exit 1)
	@echo "setting up $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || (echo "the venv module is missing: apt install python3-venv"; exit 1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
