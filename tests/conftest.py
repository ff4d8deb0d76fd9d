"""Shared fixtures: the sample graph, an engine over it, a Flask client, and a real server over HTTP.

``sample.ttl`` has the shape of docs/internals.md and is small enough to be read; tests that need real data
build it themselves. Everything of session scope is read-only: make your own to change it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Store

from fmgraph.engine import Engine, InProcessEngine
from fmgraph.settings import Settings
from fmgraph.store import Dataset, dataset_of_files, write_dataset

#: The sample graph as a file.
SAMPLE = Path(__file__).parent / "data" / "sample.ttl"


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The sample graph in memory, as ``fmgraph serve --data`` opens it."""
    return dataset_of_files([SAMPLE])


@pytest.fixture(scope="session")
def dataset_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample graph as ``fmgraph build`` writes it: a folder with ``current``."""
    folder = tmp_path_factory.mktemp("dataset")
    store = Store()
    store.bulk_load(path=SAMPLE)
    write_dataset(store, folder, "1.0.0", modified="2026-01-02")
    return folder


@pytest.fixture(scope="session")
def engine(dataset: Dataset) -> Iterator[Engine]:
    """An engine over the sample graph that evaluates in this process."""
    with InProcessEngine(dataset) as made:
        yield made


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings with a public URL, as a deployment has them."""
    return Settings(base_url="https://fm.example.org/")


@pytest.fixture
def app(engine: Engine, settings: Settings) -> Flask:
    """The application over the sample graph, with a response cache of its own."""
    from fmgraph.web.app import create_app

    return create_app(engine, settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of :func:`app`."""
    return app.test_client()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of test material beside the checkout; the test is skipped where there is none."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("FMGRAPH_SHARED", default))
    if not folder.is_dir():
        pytest.skip("no shared test material (FMGRAPH_SHARED)")
    return folder
