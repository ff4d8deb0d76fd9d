"""``docs/performance.md`` and its plot from the results: tables, ratios, and which aim is met."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from bench.mix import MIX
from bench.run import PREPARED

RIVALS = ("Oxigraph (disk)", "Oxigraph (memory)")
_LOOKUPS = ("star", "describe", "construct", "ancestors")
_TITLES = {query.name: query.title for query in MIX}
_START, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(results: Path, page: Path) -> None:
    """Put the tables between the marks of the page, whose prose stays, and draw the plot beside it."""
    runs = [_read(path) for path in sorted(results.glob("[0-9]*.json"), key=lambda path: int(path.stem))]
    parts = [part for run in runs for part in _comparison(run)]
    for name, make in (("abuse", _abuse), ("shipped", _shipped), ("scale", _scale)):
        path = results / f"{name}.json"
        if path.exists():
            parts += make(_read(path))
    text = page.read_text("utf-8") if page.exists() else f"# Performance\n\n{_START}\n{_END}\n"
    before, _, rest = text.partition(_START)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{_START}\n\n" + "\n".join(parts) + f"\n{_END}{after}", "utf-8")
    if runs:
        (page.parent / "performance.svg").write_text(plot(runs[0]), "utf-8")


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _title(name: str) -> str:
    plain = name.removesuffix(PREPARED)
    return _TITLES.get(plain, plain) + (", prepared" if name.endswith(PREPARED) else "")


def _comparison(run: dict[str, Any]) -> Iterator[str]:
    machine, names = run["machine"], list(run["servers"])
    yield f"## {run['models']:,} models\n"
    yield (
        f"{run['triples']:,} triples; fmgraph serves them from {run['storage']}. {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_gb']} GB; {machine['date']}; {run['rounds']} rounds; "
        f"load average {min(run['load'])} to {max(run['load'])}.\n"
    )
    if run["absent"]:
        yield "Not there: " + ", ".join(f"{k} ({v})" for k, v in run["absent"].items()) + ".\n"
    for field, title in (
        ("cold_p50", "Cold: median milliseconds, one client, no two requests alike"),
        ("cold_p99", "Cold: 99th percentile, milliseconds"),
        ("warm_p50", "Warm: median milliseconds, one client, one request repeated"),
        ("rate", "Warm: requests a second, 16 clients (over 60 ms: cores / median)"),
    ):
        yield f"### {title}\n"
        rows = [
            [_title(name), *(_cell(cells.get(server, {}), field) for server in names)]
            for name, cells in run["cells"].items()
        ]
        yield _table(["query", *names], rows)
    yield "### Are the answers equal?\n"
    rows = [
        [_title(name), *(found.get(server, "") for server in names)] for name, found in run["equal"].items()
    ]
    yield _table(["query", *names], rows)
    yield "### Loading and memory\n"
    yield _table(
        ["", *names],
        [
            ["loading, s", str(run["build_seconds"].get("build", "")), *(
                str(run["servers"][n]["load_seconds"]) for n in names[1:]
            )],
            ["memory, MB", *(f"{run['servers'][n]['memory_mb']:,}" for n in names)],
        ],
    )  # fmt: skip
    yield "### Aims\n"
    yield _table(["aim", "against", "measured", ""], list(_aims(run)))


def _cell(cell: dict[str, Any], field: str) -> str:
    return _number(cell[field]) if field in cell else cell.get("note", "")


#: How many times as long as from a server a cold lookup may take.
_LOOKUP_TIMES = {"Oxigraph (disk)": 1.3, "Oxigraph (memory)": 2.0}


def _ratios(run: dict[str, Any], rival: str, names: Sequence[str], field: str) -> dict[str, float]:
    """Return rival / fmgraph for each query: above 1, fmgraph takes less. For rates, the other way round."""
    found = {}
    for name in names:
        cells = run["cells"].get(name, {"fmgraph": {}})
        ours = cells["fmgraph"].get(field)
        theirs = cells.get(rival, run["cells"].get(name.removesuffix(PREPARED), {}).get(rival, {})).get(field)
        if theirs and not ours and cells["fmgraph"].get("note"):
            found[name] = 0.0  # we gave no answer and they did: that is an aim missed, not a gap
        elif ours and theirs:
            found[name] = ours / theirs if field == "rate" else theirs / ours
    return found


def _aims(run: dict[str, Any]) -> Iterator[list[str]]:
    plain = [name for name in run["cells"] if not name.endswith(PREPARED)]
    heavy = [query.name for query in MIX if query.kind == "heavy"]
    aims: list[tuple[str, Sequence[str], str, float]] = [
        ("warm, requests/s ≥ 2 times", plain, "rate", 2.0),
        ("warm, lower p50", plain, "warm_p50", 1.0),
        ("cold heavy queries ≥ 1.5 times faster", heavy, "cold_p50", 1.5),
        ("lineage from a popular root ≥ 3 times", ["descendants (prepared)"], "cold_p50", 3.0),
        ("text by the index ≥ 100 times", ["text (prepared)"], "cold_p50", 100.0),
        ("statistics by VoID ≥ 100 times", ["modalities (prepared)"], "cold_p50", 100.0),
    ]
    for rival in RIVALS:
        if rival not in run["servers"]:
            continue
        times = _LOOKUP_TIMES.get(rival, 1.5)
        lookups = (f"cold lookups, p50 within {times:g} times", _LOOKUPS, "cold_p50", 1 / times)
        for title, names, field, least in [*aims[:2], lookups, *aims[2:]]:
            found = _ratios(run, rival, names, field)
            if found:
                measured, verdict = _verdict(found, least)
                left_out = [_title(name) for name in names if name in run["cells"] and name not in found]
                without = f"; not comparable: {', '.join(left_out)}" if left_out else ""
                yield [title, rival, measured + without, verdict]


def _verdict(found: dict[str, float], least: float) -> list[str]:
    low = min(found, key=lambda name: found[name])
    text = f"{found[low]:.2f} ({_title(low)})"
    if len(found) > 1:
        text = f"least {text}, median {statistics.median(found.values()):.2f}"
    missed = sum(value < least for value in found.values())
    return [
        text,
        "met" if not missed else f"missed by {missed} of {len(found)}" if len(found) > 1 else "missed",
    ]


def _abuse(found: list[dict[str, Any]]) -> Iterator[str]:
    yield "## Beside attackers\n"
    rows = []
    for run in found:
        for phase in ("before", "beside", "after"):
            part = run[phase]
            times = [_number(part[key]) if key in part else "" for key in ("p50", "p99", "max")]
            rows.append(
                [f"{run['models']:,} models, {phase}", str(part["count"]), *times, str(part["failures"])]
            )
    yield _table(["star lookups", "answered", "p50, ms", "p99, ms", "worst, ms", "failed"], rows)
    for run in found:
        memory = run["memory_mb"]
        beside = run["beside"]
        met = beside.get("p50", 1e9) <= 50 and beside.get("p99", 1e9) <= 250 and not beside["failures"]
        yield (
            f"- {run['models']:,} models: {run['attackers']} attackers for {run['seconds']:g} s got "
            + ", ".join(f"{count} × {status}" for status, count in run["replies"].items())
            + f". Cut or failed: {run['failures'] or 'none'}. "
            f"Processes lost: {run['processes_lost'] or 'none'}. "
            f"Memory {memory['before']:,} MB before, {memory['peak']:,} at most, {memory['after']:,} after. "
            f"p50 ≤ 50 ms and p99 ≤ 250 ms: {'met' if met else 'missed'}. Load average {run['load']}.\n"
        )


def _shipped(found: dict[str, Any]) -> Iterator[str]:
    replace = found["replace_ms"]
    start, median = found["start_seconds"], replace["median"]
    yield "## The shipped graph\n"
    rows = [
        ["triples", f"{found['triples']:,}", ""],
        ["fmgraph build", f"{found['build_seconds']} s", ""],
        ["from the command to the first answer", f"{start} s", "met" if start < 1 else "missed"],
        ["all evaluators replaced", f"{median} ms", "met" if median < 100 else "missed"],
        ["memory of all processes", f"{found['memory_mb']} MB", ""],
    ]
    yield _table(["", "measured", "aim"], rows)
    yield f"Load average {found['load']}.\n"


def _scale(found: list[dict[str, Any]]) -> Iterator[str]:
    yield "## Size\n"
    rows = []
    for run in found:
        check = run.get("check", {})
        rows.append([
            f"{run['models']:,}", f"{run['triples']:,}", run["storage"], str(run["seconds"]["generate"]),
            str(run["seconds"]["build"]), str(check.get("compiled_seconds", "")), str(run["start_seconds"]),
            str(run["disk_gb"]), f"{run['seconds']['peak_mb']:,.0f}", f"{run['serve_mb']:,}",
        ])  # fmt: skip
    head = ["models", "triples", "storage", "generate, s", "build, s", "check, s", "start, s", "disk, GB"]
    yield _table([*head, "build, MB", "serve, MB"], rows)
    names = list(found[0]["queries_ms"])
    rows = [[_title(name), *(str(run["queries_ms"].get(name, "")) for run in found)] for name in names]
    yield "Cold queries, median of three, milliseconds:\n"
    yield _table(["query", *(f"{run['models']:,}" for run in found)], rows)


def plot(run: dict[str, Any]) -> str:
    """Return an SVG: for each query a bar of rival / fmgraph, cold, on a logarithmic scale."""
    names = list(run["cells"])
    rivals = [rival for rival in RIVALS if rival in run["servers"]]
    left, wide, step = 230, 420, 14
    row = step * len(rivals) + 8
    high = row * len(names) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + wide + 70} {high}" '
        'font-family="sans-serif" font-size="11" role="img">',
        f"<title>How many times faster fmgraph is, cold, {run['models']:,} models</title>",
    ]
    colours = ("#2b6cb0", "#dd8452")
    for place, rival in enumerate(rivals):
        parts.append(f'<rect x="{left + 190 * place}" y="8" width="10" height="10" fill="{colours[place]}"/>')
        parts.append(f'<text x="{left + 190 * place + 15}" y="17">{escape(rival)} / fmgraph</text>')
    for power in range(-1, 4):
        x = left + wide * (power + 1) / 4
        parts.append(f'<line x1="{x}" y1="28" x2="{x}" y2="{high - 20}" stroke="#bbb"/>')
        parts.append(f'<text x="{x}" y="{high - 6}" text-anchor="middle">{10.0**power:g}</text>')
    one = left + wide / 4
    for index, name in enumerate(names):
        top = 32 + index * row
        parts.append(
            f'<text x="{left - 8}" y="{top + row / 2}" text-anchor="end">{escape(_title(name))}</text>'
        )
        for place, rival in enumerate(rivals):
            ratio = _ratios(run, rival, [name], "cold_p50").get(name)
            if ratio is None:
                continue
            x = left + wide * (_clamped_log(ratio) + 1) / 4
            y = top + place * step
            parts.append(
                f'<rect x="{min(x, one):.1f}" y="{y}" width="{abs(x - one):.1f}" height="{step - 3}" '
                f'fill="{colours[place]}"/>'
            )
            parts.append(f'<text x="{max(x, one) + 4:.1f}" y="{y + 9}">{ratio:.2g}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _clamped_log(ratio: float) -> float:
    return min(max(math.log10(ratio), -1.0), 3.0)
