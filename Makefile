# mailforensics: `make lab` to look at logs, `make test` to test. `make help` lists the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CASE   ?= demo
# JupyterLab refuses root unless told; a rented server or a container has no other user.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# No question about news on the first start.
QUIET  := {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}

.DEFAULT_GOAL := help
.PHONY: help lab demo test test-real bench bench-samples check format notebooks samples clean

help:            ## this list
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

lab: $(VENV)/.lab ## install into .venv, open JupyterLab on the first notebook with sample logs
	$(BIN)/jupyter lab --ip=127.0.0.1 --notebook-dir=. $(AS_ROOT) \
	    --LabApp.default_url=/lab/tree/$(firstword $(sort $(wildcard notebooks/[0-9]*.ipynb)))

demo: $(VENV)/.lab ## the main job without a browser: notebooks, report and ban script in demo/
	$(BIN)/python tools/demo.py --out $(CASE)

test: check      ## install, then every test that needs no root
	$(BIN)/pytest -m "not real"

check: $(VENV)/.dev ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-real: $(VENV)/.dev ## tests that need root, real ufw, Postfix and Chromium
	$(BIN)/python tools/requirements_real.py
	$(BIN)/pytest -m real tests/real

bench: $(VENV)/.dev ## root: a real mail server, attacked, read, banned and checked
	BENCH_LOAD_SECONDS=120 $(BIN)/pytest -q -m real tests/real/bench

bench-samples: $(VENV)/.dev ## root: write data/samples/bench anew from the bench's daemons
	PYTHONPATH=.:tests/real $(BIN)/python -m bench.samples

format: $(VENV)/.dev ## rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(VENV)/.dev ## run the notebooks anew and store their outputs
	$(BIN)/python tools/build_notebooks.py

samples: $(VENV)/.dev ## write the sample logs anew from their seed
	$(BIN)/python tools/make_samples.py

clean:           ## remove what make built
	rm -rf $(VENV) demo build *.egg-info

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "mailforensics needs Python 3.11 or newer; install it (Debian: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3 …"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mailforensics needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Name a newer one: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments; install python3-venv (Debian: apt install python3-venv)."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.lab: $(VENV)/bin/python pyproject.toml constraints.txt Makefile
	@echo "Installing JupyterLab and what else the notebooks need into $(VENV): a minute or two, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[notebooks,countries]'
	@mkdir -p $(VENV)/etc/jupyter/labconfig
	@echo '$(QUIET)' > $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json
	@touch $@

$(VENV)/.dev: $(VENV)/.lab
	@echo "Installing what the tests need into $(VENV): another minute, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[asn,cluster,dev]'
	@touch $@
