# fmgraph: what people run. CI calls .ci/run, which calls these.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

# Installs an extra of the checkout. Where npm cannot be reached the service is installed all the same, said aloud.
install = $(BIN)/python -m pip install --quiet --editable "$(1)" || { \
	echo "fmgraph: trying without the front-end assets (the query editor is a plain text field then)" >&2; \
	SKIP_ASSETS=1 $(BIN)/python -m pip install --quiet --editable "$(1)"; }

.DEFAULT_GOAL := help
.PHONY: help serve test check bench data images lock release clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(VENV)/.serve: pyproject.toml hatch_build.py package.json package-lock.json
	$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: on Debian or Ubuntu run  apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(call install,.)
	touch $@

$(VENV)/.test: $(VENV)/.serve
	$(call install,.[test])
	touch $@

serve: $(VENV)/.serve  ## build and check the graph, then serve it at http://127.0.0.1:8000
	$(BIN)/fmgraph check
	$(BIN)/fmgraph dump --output .build/dump
	$(BIN)/fmgraph serve --host $(HOST) --port $(PORT) --dumps .build/dump

test: $(VENV)/.test  ## run the tests
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(VENV)/.test  ## lint, check types, check the data
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/fmgraph check --engine pyshacl

data: $(VENV)/.serve  ## build the graph into .build/
	$(BIN)/fmgraph build --output .build

bench: $(VENV)/.test  ## run the benchmarks (minutes) and write docs/performance.md
	$(call install,.[bench])
	$(BIN)/python -m bench run

images: $(VENV)/.test  ## take the screenshots in docs/images (needs chromium)
	$(BIN)/python tests/screenshots.py

lock: $(VENV)/.serve  ## write deploy/requirements.lock anew: the service's dependencies with their hashes
	$(BIN)/python -m pip install --quiet uv
	echo "# What the service is installed with in production: make lock writes it from pyproject.toml." > deploy/requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-header --no-annotate --no-emit-index-url --quiet >> deploy/requirements.lock

release:  ## build the wheel, and the bill of materials of what it is installed with, into dist/
	$(PYTHON) -m venv .build/release
	.build/release/bin/python -m pip install --quiet build cyclonedx-bom
	.build/release/bin/python -m build --wheel --outdir dist .
	.build/release/bin/cyclonedx-py requirements deploy/requirements.lock --pyproject pyproject.toml \
	  --output-reproducible --output-file dist/fmgraph.cdx.json

clean:  ## remove what was built
	rm -rf $(VENV) .build dist
