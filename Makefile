# Everything is done by `make`; `make` alone lists what there is. No other tool needs to be installed by hand.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# The interpreter that the environment is made with: `make PYTHON=/path/to/python3.13 demo` names another one.
PYTHON ?=

define FIND_PYTHON
for each in $(PYTHON) python3.13 python3.12 python3; do \
  found=$$(command -v "$$each" || true); \
  if [ -n "$$found" ] && "$$found" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then break; fi; \
  found=; \
done; \
if [ -z "$$found" ]; then \
  echo "Python 3.12 or later is needed, and none was found on the PATH." >&2; \
  echo "Install one, for example with one of:" >&2; \
  echo "  apt-get install python3 python3-venv     (Debian 13, Ubuntu 24.04, and later)" >&2; \
  echo "  dnf install python3.13                   (Fedora)" >&2; \
  echo "  brew install python@3.13                 (macOS)" >&2; \
  echo "  uv python install 3.13                   (anywhere, with uv)" >&2; \
  echo "or name one: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)" >&2; \
  exit 1; \
fi
endef

define MAKE_VENV
if ! $(BIN)/python -m pip --version >/dev/null 2>&1 || \
   ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then \
  $(FIND_PYTHON); \
  echo "Making $(VENV) with $$found"; \
  rm -rf $(VENV); \
  if ! "$$found" -m venv $(VENV); then \
    rm -rf $(VENV); \
    echo "This Python cannot make virtual environments: install its venv package, on Debian and Ubuntu with" >&2; \
    echo "  apt-get install $$("$$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; \
    exit 1; \
  fi; \
fi
endef

# A stamp says for which pyproject.toml the environment was filled. The developers' set holds the other one.
$(VENV)/.installed: pyproject.toml
	@$(MAKE_VENV)
	@echo "Installing what the program needs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml
	@$(MAKE_VENV)
	@echo "Installing what the program and its tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(VENV)/.installed $@

##@ Use

.PHONY: demo
demo: $(VENV)/.installed ## Load a demo world, play one order from draft to subscription, and keep serving
	@$(BIN)/entrepot demo $(ARGS)

.PHONY: serve
serve: $(VENV)/.installed ## Serve the API and the live page on ./entrepot-data
	@$(BIN)/entrepot serve $(ARGS)

.PHONY: migrate
migrate: $(VENV)/.installed ## Bring a database to the current schema (ARGS="--database-url URL")
	@$(BIN)/entrepot migrate $(ARGS)

##@ Develop

.PHONY: setup
setup: $(VENV)/.installed-dev ## Make the virtual environment with everything that developers need

.PHONY: environments
environments: $(VENV)/.installed-dev ## Make environments of their own for published programs that tests drive (once)
	@$(BIN)/python -m tests.environments || test -z "$$CI"

.PHONY: test
test: $(VENV)/.installed-dev environments ## Run all tests and list the slowest (ARGS="-k order -x")
	@$(BIN)/pytest --numprocesses auto --durations 20 $(ARGS)

.PHONY: model
model: $(VENV)/.installed-dev ## Play the model of the marketplace for long (ARGS="--steps 100000 --seed 7")
	@$(BIN)/python -m tests.model.run $(ARGS)

.PHONY: isolation
isolation: $(VENV)/.installed-dev ## Every route, reference and row by every caller; `make test` plays one in five
	@ISOLATION=whole $(BIN)/pytest --numprocesses auto tests/access $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.installed-dev ## Look for bad input, led by coverage (ARGS="--seconds 300")
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@$(BIN)/python -m tests.fuzz.run --reader query $(ARGS)
	@$(BIN)/python -m tests.fuzz.run --reader body $(ARGS)

.PHONY: check
check: $(VENV)/.installed-dev ## Style, types, direction of imports, dependencies: all that CI checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry .

.PHONY: fix
fix: $(VENV)/.installed-dev ## Mend style and layout as far as a tool can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: surface
surface: $(VENV)/.installed-dev ## Write docs/surface anew from what is offered
	@$(BIN)/python docs/surface/make.py
	@$(BIN)/python -m tests.access.documented

.PHONY: facts
facts: $(VENV)/.installed-dev ## Write tests/conformance/facts.json and docs/conformance.md anew
	@$(BIN)/python -m tests.conformance.make

.PHONY: fuzz-api
fuzz-api: $(VENV)/.installed-dev ## Requests made from the OpenAPI document and chains along its links (ARGS="--help")
	@$(BIN)/python -m tests.http.fuzz_api $(ARGS)

.PHONY: bench
bench: $(VENV)/.installed-dev ## Measure load and limits (ARGS="--help" says what there is)
	@$(BIN)/python -m bench.run $(ARGS)

.PHONY: bench-pax8
bench-pax8: $(VENV)/.installed-dev ## Measure the Pax8 API with a partner of 10,000 companies and 45,000 orders
	@$(BIN)/python -m bench.pax8 $(ARGS)

.PHONY: faults
faults: $(VENV)/.installed-dev ## Kill programs while webhooks are sent and orders fulfilled (ARGS="--story fulfilment --kills 20")
	@$(BIN)/python -m tests.faults $(ARGS)

.PHONY: bench-deliveries
bench-deliveries: $(VENV)/.installed-dev ## Measure webhooks: how soon, how many, and beside dead receivers
	@$(BIN)/python -m bench.deliveries $(ARGS)

.PHONY: bench-catalog
bench-catalog: $(VENV)/.installed-dev ## Measure a product of 2,000 items on five price lists
	@$(BIN)/python -m bench.catalog $(ARGS)

##@ Help

.PHONY: help
help: ## List what there is
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: clean
clean: ## Remove the environment and caches; entrepot-data stays
	@rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
