# Two commands on a fresh machine: `make run` shows everything working, `make test` proves it.
# They need python3 (3.11 or newer, with venv) and make. The rest is installed into .venv/ from
# the hash-locked requirements: no root, no Docker, no broker and no database to set up first.

PYTHON ?= python3
ARGS ?=
VENV := .venv
# What runs again on PostgreSQL.
AGAIN ?= sql and not browser and not screen
# A file stays with one worker: what it starts (a whole copy, a mail server) is started once.
BY_FILE := --dist loadfile --no-loadscope-reorder
ON_POSTGRESQL := $(VENV)/on-postgresql.txt
PY := $(VENV)/bin/python

# uv must neither bring its own Python nor ignore the certificates this machine trusts.
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
# A run starts hundreds of processes: without compiled files each would read all the source anew.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help run test test-on-sqlite test-on-postgresql test-full check messages bench chaos mutants docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## Start a copy with sample articles and readers; ARGS="--once --readers 5000"
	@$(PY) manage.py up $(ARGS)

test: $(VENV)/dev.stamp ## Run the whole suite on SQLite, and beside it on PostgreSQL what touches SQL
	@$(MAKE) --no-print-directory -j 2 test-on-sqlite test-on-postgresql; status=$$?; \
	  echo "On PostgreSQL:"; cat $(ON_POSTGRESQL); exit $$status

test-on-sqlite: $(VENV)/dev.stamp
	@$(PY) -m pytest -n 3 $(BY_FILE) -q $(ARGS)

# It tells its part when both are done: the dots of two runs in one line would say nothing.
test-on-postgresql: $(VENV)/dev.stamp
	@DATABASE=postgresql $(PY) -m pytest -n 2 $(BY_FILE) -q -m "$(AGAIN)" $(ARGS) >$(ON_POSTGRESQL) 2>&1

test-full: $(VENV)/dev.stamp ## Run the same with every large corpus as a whole, screens on both databases
	@$(MAKE) --no-print-directory test ARGS="--full $(ARGS)" AGAIN="sql and not browser"

check: $(VENV)/dev.stamp ## Run every other check: style, types, layers, templates, migrations, words
	@$(PY) -m tests.checks $(ARGS)

bench: $(VENV)/dev.stamp ## Measure every figure beside its reference; ARGS="--only NAME" or --json
	@$(PY) -m tests.benchmarks $(ARGS)

messages: $(VENV)/dev.stamp ## Gather texts for translation and compile them (needs GNU gettext)
	@$(PY) -m tests.messages

chaos: $(VENV)/dev.stamp ## Kill, stop and starve it while it dispatches; one line for each fault
	@$(PY) -m tests.faults $(ARGS)

mutants: $(VENV)/mutants.stamp ## Change the engine in small ways, one at a time: do the tests notice? (hours)
	@$(PY) -m tests.mutants $(ARGS)

docs: $(VENV)/dev.stamp ## Build the documentation into site/; a link that leads nowhere is an error
	@$(PY) -m mkdocs build --strict --quiet $(ARGS)

clean: ## Remove .venv/ (the copy's own data in .local/ stays)
	rm -rf $(VENV)

# ---------------------------------------------------------------------------- set-up, done once
$(VENV)/run.stamp: requirements.lock $(VENV)/uv.stamp
	@echo "Installing what it needs into $(VENV)/ ..."
	@$(call uv_install,requirements.lock)
	@touch $@

# The development set contains the other, so it need not be installed first.
$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/uv.stamp
	@echo "Installing what it and its tests need into $(VENV)/ ..."
	@$(call uv_install,requirements-dev.lock)
	@touch $@ $(VENV)/run.stamp

# On top of the development set: nothing else needs it.
$(VENV)/mutants.stamp: requirements-mutants.lock $(VENV)/dev.stamp
	@$(call uv_install,requirements-mutants.lock)
	@touch $@

$(VENV)/uv.stamp: requirements-bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not: $$($(PYTHON) --version 2>&1 | tail -n 1)." >&2; \
	  echo "If a newer one is installed, name it: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PY) -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --no-cache-dir --require-hashes -r requirements-bootstrap.lock
	@touch $@

# A home folder that cannot be written (a service account, a container) must not stop uv.
uv_install = { mkdir -p "$${UV_CACHE_DIR:-$$HOME/.cache/uv}" 2>/dev/null && \
	test -w "$${UV_CACHE_DIR:-$$HOME/.cache/uv}" || export UV_CACHE_DIR=$(VENV)/cache; \
	$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r $(1); }
