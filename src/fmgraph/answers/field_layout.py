"""The lineage of the whole field, and where its works stand in a picture: laid out when a dataset is made.

The layout is a file of the dataset (:data:`FILE`). It names the digest of the graph that it is of, so that
that of another edition is never drawn.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from fmgraph.answers.lineage import Edge
from fmgraph.answers.lineage_formats import Network
from fmgraph.answers.lineage_layout import Box, Curve, Pair, Picture, descendants, lay_out, without_implied
from fmgraph.rdf.prefixes import FMG, PREFIXES

#: The file of a dataset that holds the layout.
FILE = "atlas.json"
#: Edges of a field that is drawn; beyond, only single works' lineages are.
MOST_EDGES = 20_000
#: Works drawn; of more, those with the most built on them.
MOST_WORKS = 1_200
#: Pixels that the picture's shelves of components are wide.
WIDTH = 1100
_BUILT_ON = FMG + "builtOn"
_PREFIXES = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("fmg", "rdfs"))
_EDGES = f"""{_PREFIXES}SELECT DISTINCT ?child ?childLabel ?relation ?parent ?parentLabel WHERE {{
  ?relation rdfs:subPropertyOf* fmg:builtOn . ?child ?relation ?parent .
  ?child rdfs:label ?childLabel . ?parent rdfs:label ?parentLabel }} LIMIT {MOST_EDGES + 1}"""


def read_field(rows: Callable[[str], Iterable[Mapping[str, Any]]]) -> Network | None:
    """Return all lineage of a graph; None where there are more than :data:`MOST_EDGES` edges.

    ``rows`` answers a SELECT.
    """
    labels: dict[str, str] = {}
    relations: dict[Pair, set[str]] = defaultdict(set)
    for number, row in enumerate(rows(_EDGES)):
        if number == MOST_EDGES:
            return None
        child, parent = row["child"].value, row["parent"].value
        labels[child], labels[parent] = row["childLabel"].value, row["parentLabel"].value
        relations[parent, child].add(row["relation"].value)
    edges = [
        Edge(child, prop.removeprefix(FMG), parent, ())
        for (parent, child), props in sorted(relations.items())
        for prop in sorted(props - {_BUILT_ON} or props)
    ]
    return Network(dict(sorted(labels.items())), edges)


def works_drawn(labels: Mapping[str, str], built_on: Mapping[str, int]) -> list[str]:
    """Return the works that a picture has room for: those with the most built on them."""
    return sorted(labels, key=lambda work: (-built_on.get(work, 0), labels[work], work))[:MOST_WORKS]


def lay_out_field(network: Network) -> Picture:
    """Return the picture of a field, without the edges that a longer way implies."""
    pairs = {(edge.parent, edge.child) for edge in network.edges}
    works = set(works_drawn(network.labels, descendants(pairs)))
    drawn_pairs = [pair for pair in pairs if works.issuperset(pair)]
    return lay_out({work: network.labels[work] for work in works}, without_implied(drawn_pairs), WIDTH)


def write_layout(folder: Path, digest: str, picture: Picture) -> None:
    """Write the picture of the field of the graph of this digest into its dataset's folder."""
    fields = {
        "digest": digest,
        "width": picture.width,
        "height": picture.height,
        "boxes": [astuple(box) for box in picture.boxes],
        "curves": [astuple(curve) for curve in picture.curves],
    }
    (folder / FILE).write_text(json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def read_layout(folder: Path, digest: str) -> Picture | None:
    """Return the picture in a dataset's folder; None where there is none, or that of another graph."""
    file = folder / FILE
    if not file.is_file():
        return None
    fields = json.loads(file.read_text("utf-8"))
    if fields["digest"] != digest:
        return None
    return Picture(
        fields["width"],
        fields["height"],
        [Box(*box) for box in fields["boxes"]],
        [Curve(parent, child, tuple((*run,) for run in runs)) for parent, child, runs in fields["curves"]],
    )
