"""``python -m bench``: generate a catalogue, compare servers, attack, scale."""

from __future__ import annotations

from pathlib import Path

import click

from bench import generate as generator
from bench import run as comparison

FOLDER = Path(".build/bench")
RESULTS = Path("bench/results")
_SERVERS = "oxigraph-disk,oxigraph-memory,rdflib-endpoint,virtuoso"


@click.group()
def main() -> None:
    """Benchmarks. They take minutes, use both cores, and end by themselves."""


@main.command()
@click.argument("models", type=click.IntRange(100))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="An .nt file.")
@click.option("--seed", default=7, show_default=True)
def generate(models: int, output: Path, seed: int) -> None:
    """Write a catalogue of MODELS made-up models as N-Triples."""
    click.echo(f"{generator.write(models, output, seed):,} lines")


@main.command()
@click.option("--models", default=10_000, show_default=True, type=click.IntRange(1000))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--servers", default=_SERVERS, show_default=True, help="Those that are compared, if installed.")
def run(models: int, rounds: int, servers: str) -> None:
    """Compare with other servers and write docs/performance.md."""
    results = comparison.run(models, rounds, [name for name in servers.split(",") if name], FOLDER)
    comparison.save(results, RESULTS / f"{models}.json")


if __name__ == "__main__":
    main()
