# Everything happens in .venv, made when first needed; only Python 3.11 or newer and make are asked for.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet
RUN := $(VENV)/.run-is-ready
DEV := $(VENV)/.dev-is-ready
BENCH := $(VENV)/.bench-is-ready
BROWSER := $(VENV)/.browser-is-ready
TESTS := $(PY) -m pytest -n 3 --dist worksteal
PINS := requirements.txt requirements-postgres.txt requirements-dev.txt requirements-bench.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help demo test check lint types browser soak bench pictures pins clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(RUN) ## play both sides of a mentoring story, on a page (ARGS="--console" for the terminal)
	@$(VENV)/bin/mentorbot demo $(ARGS)

test: $(DEV) ## the tests, on SQLite and on PostgreSQL (ARGS="-k find" for some of them)
	@$(TESTS) -m "not soak and not browser" $(ARGS)

check: lint types $(BROWSER) ## lint, types and tests, as CI does; the page in a real browser, too
	@$(TESTS) $(ARGS)

browser: $(BROWSER) ## what the tests of the page need: a browser and axe-core

lint: $(DEV) ## ruff: rules and layout
	@echo "ruff …"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: $(DEV) ## mypy, strict
	@echo "mypy …"
	@$(PY) -m mypy

soak: $(DEV) $(BROWSER) ## the long runs: kills, seeds, clocks
	@$(TESTS) -m soak $(ARGS)

bench: $(BENCH) ## the speeds, beside those of others
	@for file in benchmarks/[a-z]*.py; do \
	  name=$$(basename $$file .py); echo "benchmarks.$$name"; $(PY) -m benchmarks.$$name --json $(ARGS) || exit 1; \
	done

pictures: $(BROWSER) ## the pictures of the page in README
	@$(PY) -m tests.browser.pictures docs/pictures

pins: ## choose newer versions of everything (needs uv)
	@command -v uv >/dev/null || { echo "make pins needs uv: https://docs.astral.sh/uv/"; exit 1; }
	@rm -f $(PINS)
	$(call pin,requirements-bench.txt,--extra postgres --extra dev --extra bench)
	$(call pin,requirements-dev.txt,--extra postgres --extra dev -c requirements-bench.txt)
	$(call pin,requirements-postgres.txt,--extra postgres -c requirements-bench.txt)
	$(call pin,requirements.txt,-c requirements-bench.txt)

define pin
	@uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --group build $(2) --output-file $(1)
	@{ echo "# Every file of every dependency, by hash; written by make pins."; cat $(1); } > $(1).new && mv $(1).new $(1)
endef

clean: ## remove what make made
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find bot core tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements.txt pyproject.toml
	@python=; \
	for name in "$(PYTHON)" python3.11 python3.12 python3.13 python3.14 python3 python; do \
	  if [ -n "$$name" ] && "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    python="$$name"; break; \
	  fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "mentorbot needs Python 3.11 or newer, and none was found. Name yours: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; \
	  exit 1; \
	fi; \
	if [ ! -x $(PY) ]; then \
	  echo "Setting up in $(VENV): once, about a minute."; \
	  "$$python" -m venv $(VENV) || { \
	    echo "This Python cannot make a venv; on Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }; \
	fi
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUN) requirements-dev.txt
	@echo "Adding what the tests need: once, about a minute."
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

$(BROWSER): $(DEV) .ci/browser
	@.ci/browser $(VENV)
	@touch $@

$(BENCH): $(DEV) requirements-bench.txt
	@echo "Adding the peers to measure against: once."
	@$(PIP) --require-hashes -r requirements-bench.txt
	@touch $@
