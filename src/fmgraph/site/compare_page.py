"""``/compare?m=model/uni&m=…``: two to six works side by side, as a page, ``.csv`` and ``.md``.

Rows are those of a work's page. A row whose values differ is marked, what is unknown says so, and each value
carries its sources.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox
from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.answers.named_queries import find_entity
from fmgraph.errors import NotFoundError
from fmgraph.ontology import work_kinds
from fmgraph.rdf.formats import HTML, Format
from fmgraph.rdf.prefixes import FMG
from fmgraph.rdf.terms import bare
from fmgraph.site.claim_view import Claim, claims_about
from fmgraph.site.correction_pages import correction_path
from fmgraph.site.entity_facts import Group, Value, group_facts
from fmgraph.site.graph_reader import Graph, Term, values
from fmgraph.site.index_pages import CSV
from fmgraph.site.page_context import Site, View
from fmgraph.site.work_answers import Answers, descendants_count, license_name, read_answers

#: Works that are compared at once.
FEWEST, MOST = 2, 6
MARKDOWN = Format("markdown", "Markdown", "text/markdown", "md", names=("md",))
#: Properties that every work has of its own: a difference in them says nothing.
_OWN = {FMG + "name", FMG + "describedBy", FMG + "code", FMG + "weights", FMG + "demo", FMG + "container"}


@dataclass
class Row:
    """A property, and its accepted values in each of the works; ``words`` where it is told in words."""

    title: str
    cells: list[list[Value]]
    words: list[str] = field(default_factory=list)
    prop: str = ""

    @property
    def own(self) -> bool:
        """Whether every work has a value of its own, so that a difference says nothing."""
        return self.prop in _OWN

    @property
    def differs(self) -> bool:
        """Whether two works that say anything say different things."""
        if self.own:
            return False
        if self.words:
            return len(set(self.words) - {"unknown"}) > 1
        value_sets = [frozenset(value.term for value in cell) for cell in self.cells if cell]
        return len(set(value_sets)) > 1


@dataclass
class Section:
    """A heading of the comparison with its rows."""

    title: str
    rows: list[Row]


@dataclass
class Comparison:
    """The works (IRIs) with their answers, the sections, and what they have in common."""

    works: list[str]
    answers: dict[str, Answers]
    sections: list[Section]
    common_ancestors: list[str]
    shared_data: list[str]

    @property
    def terms(self) -> Iterable[Term | str]:
        """Everything that has a label."""
        yield from (*self.works, *self.common_ancestors, *self.shared_data)
        yield from (term for one in self.answers.values() for term in one.terms)
        for section in self.sections:
            for value in (value for row in section.rows for cell in row.cells for value in cell):
                yield value.term
                yield from (one for claim in value.claims for one in (claim.source, claim.row) if one)


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/compare")
    @pages.get("/compare.<suffix>")
    def compare(suffix: str = "") -> Response:
        form = site.negotiate((HTML, CSV, MARKDOWN), suffix)
        names = list(dict.fromkeys(name.strip() for name in request.args.getlist("m") if name.strip()))
        works, missing = _resolve(site, names[:MOST])
        comparison = read_comparison(site, works) if works else None
        if form is not HTML:
            if missing:
                raise missing[0][1]
            if comparison is None or not FEWEST <= len(works) <= len(names) <= MOST:
                raise NotFoundError(f"{FEWEST} to {MOST} works are compared: ?m=model/uni&m=model/virchow2")
            text = as_csv(site, comparison) if form is CSV else as_markdown(site, comparison)
            return site.answer(text.encode(), form)
        return _page(site, names, works, missing, comparison)


def _resolve(site: Site, names: Iterable[str]) -> tuple[list[str], list[tuple[str, NotFoundError]]]:
    """Return the IRIs of the works of these names, and the names that no work has."""
    works: list[str] = []
    missing: list[tuple[str, NotFoundError]] = []
    for name in names:
        try:
            work = bare(find_entity(name, work_kinds(), site.engine))
            if not site.graph.triples([work]):
                raise NotFoundError(f"there is no work {name!r}")
            works.append(work)
        except NotFoundError as error:
            missing.append((name, error))
    return list(dict.fromkeys(works)), missing


def read_comparison(site: Site, works: list[str]) -> Comparison:
    """Return the comparison of works that exist."""
    graph = site.graph
    groups: list[list[Group]] = []
    for work in works:
        own = [(prop, value) for _, prop, value in graph.triples([work])]
        groups.append(group_facts(own, claims_about(graph, work), graph.ontology))
    answers = read_answers(graph, works)
    built_on = descendants_count(graph, works)
    short = [
        Row("Weights", [[] for _ in works], [answers[work].weights_words for work in works]),
        Row("Commercial use of the weights", [[] for _ in works], [_commercial(answers[w]) for w in works]),
        Row("Works built on it", [[] for _ in works], [str(built_on.get(work, 0)) for work in works]),
    ]
    sections = [Section("In short", short)]
    for group in graph.ontology.groups:
        rows = _rows([next((g for g in some if g.title == group.title), None) for some in groups])
        if rows:
            sections.append(Section(group.title, rows))
    return Comparison(
        works,
        answers,
        sections,
        _common(graph, works, "fmg:derivesFrom"),
        _common(graph, works, "fmg:trainedOn/fmg:partOfTransitive?"),
    )


def _commercial(answers: Answers) -> str:
    beneath = f", no beneath it ({len(answers.stricter)})" if answers.stricter else ""
    return answers.commercial_words + (beneath if answers.commercial is not False else "")


def _rows(groups: list[Group | None]) -> list[Row]:
    """Return the rows of one group, in the order of the pages."""
    titles: dict[str, str] = {}
    for group in groups:
        for fact in group.facts if group else ():
            if fact.values:
                titles.setdefault(fact.prop, fact.label)
    rows = []
    for prop, title in titles.items():
        cells = [
            next((fact.values for fact in group.facts if fact.prop == prop), []) if group else []
            for group in groups
        ]
        rows.append(Row(title, cells, prop=prop))
    return rows


def _common(graph: Graph, works: list[str], path: str) -> list[str]:
    """Return what all works reach by the path, by label."""
    rows = graph.rows(
        f"SELECT ?x (COUNT(DISTINCT ?s) AS ?n) WHERE {{ {values('s', works)} ?s {path} ?x }} GROUP BY ?x "
        f"HAVING (COUNT(DISTINCT ?s) = {len(works)}) ORDER BY ?x"
    )
    return [row["x"].value for row in rows]


def _page(
    site: Site,
    names: list[str],
    works: list[str],
    missing: list[tuple[str, NotFoundError]],
    comparison: Comparison | None,
) -> Response:
    short_names = ["/".join(site.links.entity(work) or ()) for work in works]
    return site.page(
        "compare.html",
        status=404 if missing else 200,
        names=names,
        works=works,
        short_names=short_names,
        missing=missing,
        comparison=comparison,
        most=MOST,
        kinds_of_works=work_kinds(),
        view=site.view(comparison.terms if comparison else works),
        license_name=license_name,
        correct=lambda work, prop: correction_path(site, work, prop),
        without=lambda name: site.links.path("compare", m=[one for one in short_names if one != name]),
        files=[(one, site.links.path(f"compare.{one.suffix}", m=short_names)) for one in (CSV, MARKDOWN)],
    )


def _sources(site: Site, view: View, claims: Iterable[Claim]) -> list[tuple[str, str]]:
    """Return name and address of the sources of a value, each once."""
    names_by_source = {}
    for claim in claims:
        source = claim.row or claim.source
        if source is not None:
            entity = site.links.entity(source)
            names_by_source[source] = view.name(source) if entity else source
    return [(name, source) for source, name in names_by_source.items()]


def as_csv(site: Site, comparison: Comparison) -> str:
    """Return one line a property: value and sources in each work, and whether the values differ."""
    view = site.view(comparison.terms)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    head = [
        column for work in comparison.works for column in (view.name(work), f"{view.name(work)}: sources")
    ]
    table.writerow(["group", "property", *head, "differs"])
    for section in comparison.sections:
        for row in section.rows:
            cells = []
            for number, cell in enumerate(row.cells):
                text = (
                    row.words[number] if row.words else "; ".join(_name(view, value, row) for value in cell)
                )
                sources = {s for value in cell for _, s in _sources(site, view, value.claims)}
                cells += [text or "unknown", "; ".join(sorted(sources))]
            table.writerow([section.title, row.title, *cells, "yes" if row.differs else "no"])
    for title, some in _in_common(comparison):
        text = "; ".join(view.name(one) for one in some) or "none known"
        table.writerow(["In common", title, *(cell for _ in comparison.works for cell in (text, "")), "no"])
    return out.getvalue()


def as_markdown(site: Site, comparison: Comparison) -> str:
    """Return a table in GitHub's Markdown, each value with links to its sources."""
    view = site.view(comparison.terms)
    lines = ["| | " + " | ".join(_escaped(view.name(work)) for work in comparison.works) + " |"]
    lines.append("|---" * (len(comparison.works) + 1) + "|")
    for section in comparison.sections:
        lines.append(f"| **{_escaped(section.title)}** |" + " |" * len(comparison.works))
        for row in section.rows:
            cells = []
            for number, cell in enumerate(row.cells):
                texts = [_escaped(row.words[number])] if row.words else []
                for value in cell:
                    sources = _sources(site, view, value.claims)
                    marks = " ".join(f"[{n}](<{to}>)" for n, (_, to) in enumerate(sources, 1))
                    texts.append(_escaped(_name(view, value, row)) + (f" ({marks})" if marks else ""))
                cells.append("; ".join(texts) or "*unknown*")
            mark = " ≠" if row.differs else ""
            lines.append(f"| {_escaped(row.title)}{mark} | " + " | ".join(cells) + " |")
    for title, some in _in_common(comparison):
        lines.append(f"\n{title}: {', '.join(_escaped(view.name(one)) for one in some) or 'none known'}.")
    return "\n".join(lines) + "\n"


def _in_common(comparison: Comparison) -> list[tuple[str, list[str]]]:
    return [
        ("Common ancestors", comparison.common_ancestors),
        ("Shared training data", comparison.shared_data),
    ]


def _name(view: View, value: Value, row: Row) -> str:
    term = value.term
    name = view.name(term, row.prop)
    return license_name(term.value, name) if isinstance(term, ox.NamedNode) else name


def _escaped(text: str) -> str:
    """Return text in which nothing of Markdown's tables and links is left."""
    for char in "\\`*_[]<>|":
        text = text.replace(char, f"\\{char}")
    return " ".join(text.split())
