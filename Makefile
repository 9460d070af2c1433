# Every verb brings what it needs: `make demo` and `make test` work in a fresh clone.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock bench soak clean

PYTHON := .venv/bin/python
TESTS ?=

help:  ## list these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## create .venv from requirements.lock (nothing to do when it is in step)
	@scripts/setup.sh

demo: setup  ## run the whole product against local services; STAY=1 keeps it running
	@$(PYTHON) -m scripts.demo $(if $(STAY),--stay)

test: setup  ## run every test; TESTS=tests/host runs a part
	@$(PYTHON) -m pytest -n 2 --randomly-seed=1 $(TESTS)

check: setup  ## formatting, lint, strict types, architecture, generated docs
	@$(PYTHON) -m ruff format --check --quiet . || { echo 'Not formatted: run `make format`.'; exit 1; }
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy
	@$(PYTHON) -m pytest -q -p no:randomly tests/test_architecture.py
	@$(PYTHON) -m scripts.generate_docs --check

format: setup  ## format the code, sort imports, regenerate docs/reference
	@$(PYTHON) -m ruff check --quiet --fix-only .
	@$(PYTHON) -m ruff format --quiet .
	@$(PYTHON) -m scripts.generate_docs

lock: setup  ## resolve requirements.lock anew from pyproject.toml
	@$(PYTHON) -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --upgrade -o requirements.lock
	@scripts/setup.sh

bench: setup  ## measure what the program promises to do quickly, and write docs/performance.md
	@$(PYTHON) -m benchmarks.report

soak: setup  ## run the suite in ten different orders, with many more random examples
	@for round in 1 2 3 4 5 6 7 8 9 10; do MOORING_SOAK=1 $(PYTHON) -m pytest -q -n 2 --randomly-seed=$$RANDOM \
	    --hypothesis-profile=soak $(TESTS) || exit 1; done

clean:  ## remove what the other verbs made
	@rm -rf .venv .demo build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
