"""What the commands share: the options that say which graph is meant, and output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from fmgraph.publish.make_dataset import shipped_dataset
from fmgraph.rdf.store import Dataset, dataset_of_files, open_dataset
from fmgraph.server.engine import Engine, InProcessEngine

_Command = TypeVar("_Command", bound=Callable[..., object])

PATH = click.Path(path_type=Path)
EXISTING = click.Path(path_type=Path, exists=True)


def graph_options(command: _Command) -> _Command:
    """Add ``--data FILE…`` and ``--dataset DIR`` to a command."""
    command = click.option(
        "--dataset", type=PATH, metavar="DIR", help="A dataset that `fmgraph build` made."
    )(command)
    return click.option(
        "--data",
        "files",
        type=PATH,
        multiple=True,
        metavar="FILE",
        help="An RDF file to use instead of the shipped graph (repeatable).",
    )(command)


def open_graph(files: tuple[Path, ...], dataset: Path | None) -> Dataset:
    """Return the dataset the options mean: files, a built dataset, or the shipped one."""
    if files and dataset:
        raise click.UsageError("--data and --dataset exclude each other")
    if files:
        return dataset_of_files(files)
    return open_dataset(dataset or shipped_dataset(), few_queries=True)


@contextmanager
def engine_of(files: tuple[Path, ...], dataset: Path | None) -> Iterator[Engine]:
    """Yield an engine in this process over the graph that the options mean."""
    with InProcessEngine(open_graph(files, dataset)) as engine:
        yield engine


def write(text: str | bytes) -> None:
    """Write to standard output as it is, without a further newline."""
    click.echo(text, nl=False)
