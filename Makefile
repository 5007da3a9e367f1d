# What a user or a developer types; `make` alone lists it.
#
# Everything happens in .venv, which the first target that needs it makes from
# requirements.lock.  A stamp file remembers that, so that nothing is installed twice.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

DATA ?=
STORE ?= dafab-store
PORT ?= 8642
TESTS ?= tests
JOBS ?= auto
BENCHMARKS ?= $(wildcard benchmarks/[a-z]*.py)

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

# The first Python that is new enough; `make PYTHON=/where/python3 ...` names another.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	if $$p -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then echo $$p; break; fi; done)

.PHONY: help run test coverage properties lint format ontology docs-ontology judges benchmarks web lock build setup clean distclean

help: ## List the targets
	@echo "Targets:"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1@\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F@ '{ printf "%-22s %s\n", $$1, $$2 }'
	@echo "Variables: DATA (directory with documents), STORE ($(STORE)), PORT ($(PORT)), TESTS ($(TESTS)), JOBS ($(JOBS))"

run: setup ## Load a sample catalogue, or DATA=DIR, ask two questions of it and serve it
	@DAFAB_STORE="$(STORE)" DAFAB_PORT="$(PORT)" $(BIN)/dafab-kg run $(if $(DATA),"$(DATA)")

# Tests that measure time have the machine to themselves; where TESTS holds none, pytest ends with 5.
test: setup ## Run linters, then all tests but the judges; the tests run whatever the linters say
	@lint=0; $(MAKE) --no-print-directory lint || lint=$$?; alone=0; tests=0; \
	$(BIN)/python -m pytest $(TESTS) -m "alone and not oracle" || alone=$$?; \
	[ $$alone -ne 5 ] || alone=0; \
	$(BIN)/python -m pytest $(TESTS) -m "not alone and not oracle" -n $(JOBS) --dist worksteal || tests=$$?; \
	exit $$((tests ? tests : alone ? alone : lint))

coverage: setup ## Run the tests and say which lines none of them reaches
	@$(BIN)/python -m pytest $(TESTS) -m "not oracle" -n $(JOBS) --dist worksteal --cov --cov-report=term

properties: setup ## Run the tests that make up their own cases, with more cases and new ones
	@$(BIN)/python -m pytest $(TESTS) -m "hypothesis and not oracle" -n $(JOBS) --hypothesis-profile=long

lint: setup ## Check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Bring the code into the house's form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

ontology: setup ## Bring ontology/ into its canonical form and check it
	@$(BIN)/dafab-kg ontology format
	@$(BIN)/dafab-kg ontology check

docs-ontology: setup ## Write the ontology's documentation to build/ontology-docs/
	@$(BIN)/dafab-kg ontology docs --out build/ontology-docs

judges: setup ## Compare with other people's implementations and test suites
	@DAFAB_KILLS=100 $(BIN)/python -m pytest $(TESTS) -m "oracle or kill"

benchmarks: setup ## Run the benchmarks; each prints a table
	@for file in $(BENCHMARKS); do echo "== $$file"; $(BIN)/python $$file; done

web: ## Build the pages' scripts from web/ (needs Node.js; the built copies are committed)
	@cd web && npm ci --silent && node build.mjs $(if $(OUT),"$(abspath $(OUT))")

lock: setup ## Write requirements.lock anew; UPGRADE=1 takes the newest versions
	@mkdir -p build
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' > build/dev.in
	@cp requirements.lock build/
	@$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
		$(if $(UPGRADE),--upgrade) -o build/requirements.lock pyproject.toml build/dev.in
	@{ echo '# Dependencies and the dev group of pyproject.toml, locked by `make lock`; do not edit.'; \
		cat build/requirements.lock; } > requirements.lock

build: setup ## Build the wheel and the source archive into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build

setup: $(READY) ## Make .venv and install everything into it

$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "dafab-kg needs Python 3.11 or newer; looked for: $(CANDIDATES)." >&2; \
		echo "Install one, or say where it is: make PYTHON=/where/python3 $(MAKECMDGOALS)" >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; fi
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); this takes a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@# the lock is complete: a resolver might stumble over a newer release that it does not pin
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

clean: ## Remove what tests and builds left
	@rm -rf build dist .coverage* coverage.xml .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## Remove the environments too; stores stay
	@rm -rf .venv .venv-*
