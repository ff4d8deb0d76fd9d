"""``python -m bench``: generate a catalogue, compare servers, attack, scale."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import click

from bench import abuse as attack
from bench import datasets, report, servers
from bench import generate as generator
from bench import run as comparison
from bench import scale as size

FOLDER = Path(".build/bench")
RESULTS = Path("bench/results")
PAGE = Path("docs/performance.md")
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
@click.option(
    "--servers", "rivals", default=_SERVERS, show_default=True, help="Those that are compared, if installed."
)
def run(models: int, rounds: int, rivals: str) -> None:
    """Compare with other servers and write docs/performance.md."""
    results = comparison.run(models, rounds, [name for name in rivals.split(",") if name], FOLDER)
    comparison.save(results, RESULTS / f"{models}.json")
    report.write(RESULTS, PAGE)


@main.command()
@click.option("--models", default=(10_000,), multiple=True, show_default=True, type=click.IntRange(1000))
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(10, 600))
def abuse(models: tuple[int, ...], seconds: float) -> None:
    """Look up models beside fifty attackers."""
    found = []
    for number in models:
        place = datasets.prepare(number, FOLDER)
        server = servers.fmgraph(place.dataset, place.folder)
        found.append({"models": number, **attack.abuse(server, number, seconds)})
        click.echo(str(found[-1]))
    comparison.save(found, RESULTS / "abuse.json")
    report.write(RESULTS, PAGE)


@main.command()
@click.option(
    "--models", default=(10_000, 100_000), multiple=True, show_default=True, type=click.IntRange(1000)
)
@click.option("--check/--no-check", default=True, show_default=True, help="Run the compiled shapes too.")
def scale(models: tuple[int, ...], check: bool) -> None:
    """Time build, start, check and size of the shipped graph and of made-up catalogues."""
    comparison.save(size.shipped(FOLDER), RESULTS / "shipped.json")
    path = RESULTS / "scale.json"
    known = {run["models"]: run for run in (json.loads(path.read_text("utf-8")) if path.exists() else [])}
    for number in models:
        known[number] = size.scale(number, FOLDER, check=check)
        click.echo(str(known[number]))
        comparison.save([known[key] for key in sorted(known)], path)
    report.write(RESULTS, PAGE)


@main.command(name="report")
def report_() -> None:
    """Write docs/performance.md anew from the results of earlier runs."""
    report.write(RESULTS, PAGE)


if __name__ == "__main__":
    # Ended from outside, the servers must be stopped too: an exit runs what stops them.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    main()
