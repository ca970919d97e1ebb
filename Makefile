# Two commands do everything: `make quickstart` and `make test`. Each makes its own environment in .venv.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PYTEST := $(BIN)/python -m pytest

.PHONY: help quickstart test trackers test-all mutants lint types bench docs clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer was found"; \
		echo "  fix: install one (apt install python3 python3-venv, brew install python), or make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "error: python cannot make an environment"; \
		echo "  fix: apt install python3-venv (Debian, Ubuntu)"; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.core: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing Luthier into $(VENV) (PyTorch is the large part; once only)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.core
	@echo "installing the test tools into $(VENV)"
	@$(PIP) -e '.[dev]'
	@touch $@

$(VENV)/.trackers: $(VENV)/.test
	@echo "installing the trackers' libraries into $(VENV) (MLflow, W&B, Trackio, TensorBoard: about 330 MB)"
	@$(PIP) -e '.[tracking]'
	@touch $@

quickstart: $(VENV)/.core  ## the whole way on the built-in base and data: report, model, how to talk to it
	@$(BIN)/luthier quickstart || { code=$$?; case $$code in 10|11) exit 0;; *) exit $$code;; esac; }  # a verdict is no failure

test: $(VENV)/.test  ## the fast suite (minutes on two cores)
	@OMP_NUM_THREADS=1 $(PYTEST) -q -m "not slow" -n auto

trackers: $(VENV)/.trackers  ## the libraries of all trackers, for the slow tier

test-all: $(VENV)/.trackers  ## the fast suite and the slow tier: kills, simulations, real engines, benchmarks
	@$(PYTEST) -q

mutants: $(VENV)/.test  ## put one-line defects into a copy of the code: each must turn a named test red
	@$(BIN)/python -m tools.mutants

lint: $(VENV)/.test  ## ruff
	@$(BIN)/ruff check .

types: $(VENV)/.test  ## mypy, strict on the package
	@$(BIN)/mypy

bench: $(VENV)/.test  ## training speed against TRL, in one run (about 15 minutes)
	@$(BIN)/python bench/sft_cpu.py

docs: $(VENV)/.core  ## reference pages from the specs
	@$(BIN)/python tools/docs/reference.py

clean:  ## remove the environment and caches (keeps .luthier and runs)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist
