# make demo   sets up .venv, invents a shop, runs the whole job on it
# make test   sets up .venv with everything the tests need, runs all fast tests
# make check  lint, types, import contracts
# make nightly  holds the readings of the language to one another on a hundred thousand drawn cases: takes hours
# make engines  adds what the tests on PostgreSQL and Spark need

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1

.PHONY: demo test slow nightly engines check clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"smalti needs Python 3.11 or newer, this is {v.major}.{v.minor}; name another with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.developed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/.engined: $(VENV)/.developed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[engines]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/smalti demo

test: $(VENV)/.developed
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow and not realdata" $(PYTEST)

slow: $(VENV)/.developed
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "slow or realdata" $(PYTEST)

engines: $(VENV)/.engined

nightly: $(VENV)/.developed
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q -m "not slow and not realdata" tests/rules

check: $(VENV)/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) demo .smalti
