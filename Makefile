# The commands of this project; `make help` lists them.

# The interpreter to build .venv with; empty means the first python3 that is new enough.
PYTHON ?=
# More arguments for the program (make run), the tests (make test) or the locker (make lock).
ARGS ?=

VENV := .venv
VENV_313 := .venv-3.13
VENV_LOCK := .venv-lock
# Four on two cores, since some of them always wait; one by one, so that what takes long keeps nobody at the end.
AT_ONCE := -n 4 --maxschedchunk 1
# Those that failed in the last run, one after the other; none of them is a fault as well.
ALONE := --last-failed --last-failed-no-failures none -p no:randomly
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --no-input
UV_VERSION := 0.13.9
COMPILE := $(VENV_LOCK)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--all-extras --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-check test-engines test-313 bench bench-peers bench-writes bench-acts bench-screen check lint format-check types templates format lock clean

# Makes the virtual environment $(1) with the first interpreter of the list $(2)
# for which the Python expression $(3) is true; $(4) is said when there is none.
define make_venv
	@if $(1)/bin/python -c 'import pip, sys; sys.exit(not $(3))' 2>/dev/null; then touch $@; exit 0; fi; \
	for python in $(2); do \
		if "$$python" -c 'import sys; sys.exit(not $(3))' 2>/dev/null; then break; fi; \
		python=; \
	done; \
	if [ -z "$$python" ]; then echo $(4) >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python has no working venv module: install it (on Debian: apt-get install python3-venv)." >&2; exit 1; \
	fi; \
	echo "Making $(1) with $$("$$python" -V)."; \
	rm -rf $(1) && "$$python" -m venv $(1) && touch $@
endef

FIND_313 := for python in python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13*/bin/python; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then echo "$$python"; break; fi; done

help: ## List these commands.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.runtime ## Start the feedback wall on this machine; ARGS="--port 8001" passes options on.
	@exec $(VENV)/bin/python -m feedback_app serve $(ARGS)

test: $(VENV)/.dev ## Run the tests: all on SQLite, what can differ by engine on PostgreSQL and MariaDB too; ARGS="-k name".
	$(VENV)/bin/python -m pytest $(AT_ONCE) $(ARGS)

test-engines: $(VENV)/.dev ## Run all tests, each that uses a database on SQLite, PostgreSQL and MariaDB.
	$(VENV)/bin/python -m pytest $(AT_ONCE) --matrix $(ARGS)

test-313: ## Run the quick tests that need no browser on Python 3.13, if there is one.
	@python=$$($(FIND_313)); \
	if [ -z "$$python" ]; then \
		echo "Python 3.13 was not found, so the tests were not run on it."; \
	else \
		$(MAKE) --no-print-directory $(VENV_313)/.dev PYTHON_313="$$python" && \
		echo "$(VENV_313)/bin/python -m pytest $(AT_ONCE) -m 'not browser and not slow' --engine sqlite $(ARGS)" && \
		{ $(VENV_313)/bin/python -m pytest $(AT_ONCE) -m 'not browser and not slow' --engine sqlite $(ARGS) || \
		$(VENV_313)/bin/python -m pytest $(ALONE) -m 'not browser and not slow' --engine sqlite $(ARGS); }; \
	fi

# A busy machine stalls now and then, and what measures time or waits for a process may fail by it. Both tries are printed.
test-check: $(VENV)/.dev ## Run all tests; what fails beside the others is tried once more by itself, and must pass then.
	$(VENV)/bin/python -m pytest $(AT_ONCE) --matrix || $(VENV)/bin/python -m pytest $(ALONE) --matrix

check: lint format-check types templates test-check test-313 ## Run every check: what CI runs.

lint: $(VENV)/.dev ## Look for mistakes in the Python code, and in the scripts where Node.js is installed.
	$(VENV)/bin/python -m ruff check .
	@if ! command -v node >/dev/null; then \
		echo "Node.js was not found, so the syntax of the scripts was not checked."; \
	else \
		find static/js -name '*.js' | xargs -P 2 -I FILE sh -c \
			'node --check --input-type=module - <FILE || { echo "FILE has a syntax error." >&2; exit 255; }'; \
	fi

format-check: $(VENV)/.dev ## Check that the Python code is formatted.
	$(VENV)/bin/python -m ruff format --check .

types: $(VENV)/.dev ## Check the types.
	$(VENV)/bin/python -m mypy

templates: $(VENV)/.dev ## Look for mistakes in the page templates.
	$(VENV)/bin/python -m djlint --lint --quiet templates

format: $(VENV)/.dev ## Format the Python code and sort its imports.
	$(VENV)/bin/python -m ruff check --select I --fix .
	$(VENV)/bin/python -m ruff format .

bench: $(VENV)/.dev ## Measure the wall on this machine; ARGS="--quick" passes options on.
	$(VENV)/bin/python -m feedback_app bench $(ARGS)

bench-peers: $(VENV)/.dev .bench-peers/.made ## Measure the wall beside nchan, Isso and Flask in one run; ARGS="--listeners 1000".
	$(VENV)/bin/python -m tests.bench.peers $(ARGS)

.bench-peers/.made: $(VENV)/.made
	$(VENV)/bin/python -m venv .bench-peers
	.bench-peers/bin/python $(PIP_INSTALL) isso==0.14.0 'gunicorn[gevent]>=27,<28' packaging setuptools flask flask-sqlalchemy
	touch $@

bench-writes: $(VENV)/.dev ## Measure durable posts per second below HTTP; ARGS="--engines sqlite" passes options on.
	$(VENV)/bin/python -m tests.bench.database.writes $(ARGS)

bench-acts: $(VENV)/.dev ## Measure how soon what a moderator hides is gone, and a desk with 50,000 waiting; ARGS="--plans".
	$(VENV)/bin/python -m tests.bench.database.acts $(ARGS)

bench-screen: $(VENV)/.dev ## Measure what a busy wall costs a slow phone's screen; ARGS="--screens laptop" passes options on.
	$(VENV)/bin/python -m tests.bench.screen $(ARGS)

.PHONY: bench-classroom bench-frames bench-hosts bench-lighthouse bench-million bench-wake drawing screenshots soak storm
bench-hosts: $(VENV)/.dev ## Try a wall on other people's pages in Chromium, Firefox and WebKitGTK; ARGS="--browsers Firefox".
	$(VENV)/bin/python -m tests.bench.hosts $(ARGS)

bench-frames: $(VENV)/.dev ## Measure how long a post takes on a page with many frames; ARGS="--posts 20" passes options on.
	$(VENV)/bin/python -m tests.bench.frames $(ARGS)

bench-lighthouse: $(VENV)/.dev ## Have Lighthouse look at the wall and its frame as on a phone; needs npm; ARGS="--turns 1".
	$(VENV)/bin/python -m tests.bench.lighthouse $(ARGS)

bench-classroom: $(VENV)/.dev ## Show who is heard, held and refused behind one network address; ARGS="--posts 100".
	$(VENV)/bin/python -m tests.bench.classroom $(ARGS)

bench-million: $(VENV)/.dev ## Compare walls of a thousand to a million entries, and show all query plans; ARGS="--engines mariadb".
	$(VENV)/bin/python -m tests.bench.database.million $(ARGS)

bench-wake: $(VENV)/.dev ## Measure how soon a commit is on the screens of another process; ARGS="--engines sqlite" passes options on.
	$(VENV)/bin/python -m tests.bench.database.commit_watch $(ARGS)

drawing: $(VENV)/.dev ## Draw docs/rooms.svg again: the rooms of the package and their imports.
	$(VENV)/bin/python -m tests.house.draw_rooms

screenshots: $(VENV)/.dev ## Take the pictures of README and docs/ again; needs Chromium.
	$(VENV)/bin/python -m tests.bench.screenshots $(ARGS)

soak: $(VENV)/.dev ## Try a hundred random histories with kills on each database; ARGS="--engine sqlite" passes options on.
	$(VENV)/bin/python -m pytest --hypothesis-profile soak --timeout 0 tests/database/faults/test_survival.py $(ARGS)

storm: $(VENV)/.dev ## Kill a server under load, fifty times, and look for lost posts; ARGS="--kills 5 --engine mariadb" or --answers-before-commit.
	$(VENV)/bin/python -m tests.bench.database.crash_load $(ARGS)

lock: $(VENV_LOCK)/.uv ## Write both lock files anew; ARGS=--upgrade takes newer versions.
	$(COMPILE) $(ARGS) pyproject.toml -o requirements.lock
	$(COMPILE) $(ARGS) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove what these commands made, but not the database in instance/.
	rm -rf $(VENV) $(VENV_313) $(VENV_LOCK) .bench-peers build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find feedback_app tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp files below let a second run start at once, and install again when a lock changed.

$(VENV)/.made:
	$(call make_venv,$(VENV),$(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11),(sys.version_info >= (3, 11)),\
		"feedback-app needs Python 3.11 or newer and found none; name one with: make run PYTHON=/path/to/python3")

$(VENV)/.runtime: $(VENV)/.made requirements.lock
	@echo "Installing requirements.lock into $(VENV)."
	@$(VENV)/bin/python $(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@

# The development lock holds the runtime lock's packages too.
$(VENV)/.dev: $(VENV)/.made requirements.lock requirements-dev.lock
	@echo "Installing requirements-dev.lock into $(VENV)."
	@$(VENV)/bin/python $(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $(VENV)/.runtime $@

$(VENV_313)/.made:
	$(call make_venv,$(VENV_313),$(PYTHON_313),(sys.version_info[:2] == (3, 13)),"Python 3.13 was not found.")

$(VENV_313)/.dev: $(VENV_313)/.made requirements-dev.lock
	@echo "Installing requirements-dev.lock into $(VENV_313)."
	@$(VENV_313)/bin/python $(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV_LOCK)/.uv: $(VENV)/.made Makefile
	@echo "Installing uv $(UV_VERSION) into $(VENV_LOCK)."
	@$(VENV)/bin/python -m venv $(VENV_LOCK)
	@$(VENV_LOCK)/bin/python $(PIP_INSTALL) uv==$(UV_VERSION)
	@touch $@
