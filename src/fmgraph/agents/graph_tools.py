"""The tools: read-only questions to the graph whose answers say what is known, by whom, and what is not.

Each returns plain values with ``asked_about`` (how many entities or claims the answer is about) and
``unknown`` (of how many of them, or which, the graph does not know it). Unknown is not "no".
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

from fmgraph.answers.evidence_reader import Evidence, claim_of, identify
from fmgraph.answers.lineage import lineage as lineage_of
from fmgraph.answers.named_queries import get_query, load_queries
from fmgraph.answers.query_warnings import warnings
from fmgraph.answers.reconcile import property_iri
from fmgraph.errors import ParameterError
from fmgraph.ontology import all_kinds, shipped, work_kinds
from fmgraph.publish.released_records import read_releases
from fmgraph.rdf.prefixes import FMG, PREFIXES, curie
from fmgraph.rdf.terms import iri as term
from fmgraph.server.engine import Engine, ResultFormats

Answer = dict[str, Any]
#: What may be asked of a licence, and the property that says it.
USES = {"commercial": "commercialUse", "derivatives": "derivatives"}
#: Rows of an answer, and most of them.
ROWS, MOST_ROWS = 50, 500
_PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
#: Filters of works: the property, the kinds of its values (none: texts), and what leads to wider values.
FILTERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "modality": ("modality", ("modality",), "skos:broaderTransitive"),
    "organ": ("organ", ("organ",), "skos:broaderTransitive"),
    "task": ("task", ("task",), "skos:broaderTransitive"),
    "disease": ("disease", ("disease",), "skos:broaderTransitive"),
    "backbone": ("backbone", ("backbone",), "skos:broaderTransitive"),
    "method": ("pretrainingMethod", ("method",), "skos:broaderTransitive"),
    "developer": ("developedBy", ("institution",), "fmg:partOfTransitive"),
    "trained_on": ("trainedOn", ("dataset",), "fmg:partOfTransitive"),
    "licence": ("weightsLicense", ("license",), ""),
    "built_on": ("derivesFrom", (), ""),
    "access": ("access", (), ""),
}
_LINKS = (
    *(
        "fmg:code",
        "fmg:weights",
        "fmg:demo",
        "fmg:container",
        "fmg:doi",
        "fmg:arxiv",
        "fmg:ror",
        "fmg:wikidata",
    ),
    *("schema:sameAs", "owl:sameAs", "skos:exactMatch", "skos:closeMatch", "foaf:homepage", "schema:url"),
)


class GraphTools:
    """The tools over one engine; every method is one tool."""

    def __init__(self, engine: Engine) -> None:
        """Answer from the engine's graph."""
        self._engine, self._read = engine, Evidence(engine)

    # ---- one entity

    def resolve(self, name: str, kind: str = "", limit: int = 5) -> Answer:
        """Find what a name, identifier, address or misspelling means, with its family (variants)."""
        kinds = _kinds(kind)
        matches = self._read.resolver.resolve(name, kinds, max(1, min(limit, 20)))
        answer: Answer = {"asked_about": len(matches), "unknown": 0 if matches else 1}
        answer["matches"] = [{**identify(m), "by": m.by, "score": round(m.score, 2)} for m in matches]
        if matches and matches[0].kind in work_kinds():
            family = self._read.rows(
                f"SELECT DISTINCT ?how ?iri ?label {{ VALUES ?x {{ {term(matches[0].iri)} }} "
                "{ ?x fmg:variantOf ?iri BIND('variant of' AS ?how) } UNION "
                "{ ?iri fmg:variantOf ?x BIND('variant' AS ?how) } UNION "
                "{ ?x fmg:successorOf ?iri BIND('successor of' AS ?how) } UNION "
                "{ ?iri fmg:successorOf ?x BIND('succeeded by' AS ?how) } ?iri rdfs:label ?label } "
                "ORDER BY ?how ?label"
            )
            answer["family"] = family
        if not matches:
            answer["nearest"] = [identify(m) for m in self._read.resolver.alike(name, kinds)]
        return answer

    def describe(self, name: str, properties: list[str] | None = None) -> Answer:
        """Tell what is known of an entity, each value with claims and sources, and what is unknown."""
        match = self._read.find(name)
        facts = self._read.facts(f"VALUES ?s {{ {term(match.iri)} }} ?claim rdf:subject ?s .").get(
            match.iri, {}
        )
        local_names = [_property(one) for one in properties or ()]
        selected_facts = {
            prop: values for prop, values in facts.items() if not local_names or prop in local_names
        }
        expected = local_names or [
            prop.local
            for prop in shipped().properties.values()
            if prop.completeness_weight and self._work(match.kind)
        ]
        searched = self._read.rows(
            f"SELECT DISTINCT ?p ?in {{ ?search fmg:about {term(match.iri)} ; fmg:searchedFor ?p . "
            "OPTIONAL { ?search fmg:searchedIn ?in } }"
        )
        stated_properties = {
            row["p"] for row in self._read.rows(f"SELECT DISTINCT ?p {{ {term(match.iri)} ?p ?o }}")
        }
        also = {prop: shipped().value(prop, FMG + "countsAs") for prop in stated_properties}
        settled = stated_properties | {base for base in also.values() if base}
        unknown = [prop for prop in expected if FMG + prop not in settled]
        return {
            **identify(match),
            "asked_about": len(expected) if expected else len(facts),
            "unknown": unknown,
            "searched_in_vain": {
                prop: sorted({row.get("in", "") for row in searched if row["p"] == FMG + prop})
                for prop in sorted(
                    {row["p"].removeprefix(FMG) for row in searched if row["p"] not in settled}
                )
            },
            "facts": selected_facts,
        }

    @staticmethod
    def _work(kind: str) -> bool:
        return kind in work_kinds()

    def links(self, name: str) -> Answer:
        """Give an entity's identifiers and addresses: code, weights, DOI, arXiv, ROR, Wikidata, matches."""
        match = self._read.find(name)
        iris = [
            match.iri,
            *(row["d"] for row in self._read.rows(f"SELECT ?d {{ {term(match.iri)} fmg:describedBy ?d }}")),
        ]
        some = " ".join(map(term, iris))
        rows = self._read.rows(
            f"SELECT DISTINCT ?of ?p ?link {{ VALUES ?of {{ {some} }} VALUES ?p "
            f"{{ {' '.join(_LINKS)} }} ?of ?p ?link }} "
            "ORDER BY ?of ?p ?link"
        )
        facts = self._read.facts(f"VALUES ?s {{ {some} }} ?claim rdf:subject ?s .")
        links = []
        for row in rows:
            prop = row["p"].removeprefix(FMG)
            matching_facts = [
                fact for fact in facts.get(row["of"], {}).get(prop, []) if fact["value"] == row["link"]
            ]
            links.append(
                {
                    **row,
                    "p": curie(row["p"]),
                    **({"claims": matching_facts[0]["claims"]} if matching_facts else {}),
                }
            )
        has = {row["p"] for row in rows if row["of"] == match.iri}
        unknown = [what for what in ("code", "weights") if self._work(match.kind) and FMG + what not in has]
        return {**identify(match), "asked_about": len(iris), "unknown": unknown, "links": links}

    def evidence(self, name: str, prop: str = "") -> Answer:
        """Give all claims about an entity, accepted or not, and where they disagree."""
        match = self._read.find(name)
        pattern = f"?claim rdf:subject {term(match.iri)} ."
        if prop:
            pattern += f" ?claim rdf:predicate/rdfs:subPropertyOf* {term(FMG + _property(prop))} ."
        rows = self._read.claims(pattern)
        known = shipped().properties
        single = {one.local for one in known.values() if one.single_valued}
        per_variant = {one.local for one in known.values() if one.per_variant}
        values: dict[tuple[str, str], dict[str, set[str]]] = {}  # by property and variant
        claims: dict[str, Answer] = {}
        for row in rows:
            local = row["p"].removeprefix(FMG)
            variant = row.get("variant", "") if local in per_variant else ""
            values.setdefault((local, variant), {}).setdefault(row["o"], set()).add(row["accepted"])
            more = {key: row[key] for key in ("raw", "reason") if row.get(key)}
            value = {
                "property": local,
                "value": row["o"],
                **({"label": row["label"]} if row.get("label") else {}),
            }
            claims[row["claim"]] = {**value, "accepted": row["accepted"] == "true", **claim_of(row), **more}
        disagree = sorted(
            {
                local
                for (local, _), by_value in values.items()
                if any("false" in one for one in by_value.values()) or (local in single and len(by_value) > 1)
            }
        )
        answer: Answer = {**identify(match), "asked_about": len(claims), "disagreements": disagree}
        answer["unknown"] = [] if claims or not prop else [_property(prop)]
        answer["claims"] = list(claims.values())[:MOST_ROWS]
        return _bounded(answer, "claims", len(claims))

    # ---- works among each other

    def lineage(
        self, name: str, direction: Literal["ancestors", "descendants"] = "ancestors", depth: int = 0
    ) -> Answer:
        """Tell what a work is built on (ancestors) or what is built on it: paths, relations, sources."""
        if direction not in ("ancestors", "descendants"):
            raise ParameterError("direction is ancestors or descendants")
        match = self._read.find_work(name)
        result = lineage_of(self._engine, match.iri, direction, depth or None)
        labels = result.labels()
        ends = " ".join(dict.fromkeys(term(edge.child) for edge in result.edges))
        either = self._read.rows(
            f"SELECT DISTINCT ?work ?parent ?word {{ VALUES ?work {{ {ends} }} ?claim rdf:subject ?work ; "
            "rdf:object ?parent ; fmg:accepted true ; fmg:alternative ?word } ORDER BY ?work ?word ?parent"
        )
        scratch = self._engine.ask(f"ASK {{ {term(match.iri)} <{FMG}trainedFromScratch> true }}")
        is_known = bool(result.nodes) or scratch
        answer: Answer = {
            **identify(match),
            "direction": direction,
            "asked_about": 1,
            "unknown": [] if is_known or direction == "descendants" else ["what it is built on"],
            "count": len(result.nodes),
            "works": [
                {
                    "iri": one.iri,
                    "label": one.label,
                    "depth": one.depth,
                    "path": [labels[step] for step in one.path],
                }
                for one in result.nodes[:MOST_ROWS]
            ],
            "edges": [
                {
                    "child": labels[edge.child],
                    "relation": edge.relation,
                    "parent": labels[edge.parent],
                    "claims": [
                        {"claim": one.claim, "source": one.source, "where": one.locator}
                        for one in edge.evidence[:2]
                    ],
                }
                for edge in result.edges[:MOST_ROWS]
            ],
            "alternatives": either,
        }
        if scratch:
            answer["trained_from_scratch"] = True
        return answer

    def licence_report(self, name: str, use: Literal["commercial", "derivatives"] = "commercial") -> Answer:
        """Tell whether the licences of a work's weights and of all beneath them allow a use."""
        if use not in USES:
            raise ParameterError(f"use is one of {', '.join(USES)}")
        match = self._read.find_work(name)
        rows = self._read.rows(
            f"SELECT DISTINCT ?work ?label ?license ?licenseLabel ?allowed "
            f"{{ {term(match.iri)} fmg:weightsDeriveFrom? ?work . "
            "?work rdfs:label ?label OPTIONAL { ?work fmg:weightsLicense ?license . "
            f"?license rdfs:label ?licenseLabel OPTIONAL {{ ?license fmg:{USES[use]} "
            f"?allowed }} }} }} ORDER BY ?label"
        )
        works = list(dict.fromkeys(row["work"] for row in rows))
        some = " ".join(map(term, works))
        facts = self._read.facts(
            f"VALUES ?s {{ {some} }} ?claim rdf:subject ?s ; rdf:predicate fmg:weightsLicense ."
        )
        groups: dict[str, list[Answer]] = {"forbidden": [], "allowed": [], "unknown": []}
        for work in works:
            own = [row for row in rows if row["work"] == work]
            allowed_values = {row.get("allowed") for row in own}
            verdict = (
                "forbidden"
                if "false" in allowed_values
                else "allowed"
                if allowed_values == {"true"}
                else "unknown"
            )
            groups[verdict].append(
                {
                    "iri": work,
                    "label": own[0]["label"],
                    "licences": [row["licenseLabel"] for row in own if row.get("licenseLabel")],
                    "evidence": facts.get(work, {}).get("weightsLicense", []),
                }
            )
        maybe = self._read.rows(
            f"SELECT DISTINCT ?iri ?label {{ {term(match.iri)} fmg:derivesFrom ?iri . ?iri rdfs:label ?label "
            f"FILTER NOT EXISTS {{ {term(match.iri)} fmg:weightsDeriveFrom ?iri }} }} ORDER BY ?label"
        )
        verdict = "forbidden" if groups["forbidden"] else "unknown" if groups["unknown"] else "allowed"
        return {
            **identify(match),
            "use": use,
            "verdict": verdict,
            "asked_about": len(works),
            "unknown": [one["label"] for one in groups["unknown"]],
            **{f"{key}_works" if key == "unknown" else key: value for key, value in groups.items()},
            "built_on_without_its_weights_or_unclear": maybe,
        }

    def data_exposure(self, dataset: str, works: list[str] | None = None) -> Answer:
        """Tell which works saw a data set: direct, by a part or a larger set, inherited, denied, unknown."""
        match = self._read.find(dataset, ("dataset",))
        among = [self._read.find_work(one) for one in works or ()]
        narrowed = f"VALUES ?work {{ {' '.join(term(one.iri) for one in among)} }}" if among else ""
        node = term(match.iri)
        sets = {match.iri: "direct"}
        for row in self._read.rows(
            f"SELECT ?d ?how {{ {{ ?d fmg:partOfTransitive {node} BIND('part' AS ?how) }} UNION "
            f"{{ {node} fmg:partOfTransitive ?d BIND('larger set' AS ?how) }} }}"
        ):
            sets.setdefault(row["d"], row["how"])
        some = " ".join(map(term, sets))
        facts = self._read.facts(
            f"VALUES ?o {{ {some} }} ?claim rdf:object ?o ; rdf:predicate/rdfs:subPropertyOf* fmg:trainedOn ."
        )
        work_iris = {one.iri for one in among}
        exposed: dict[str, Answer] = {}
        for work, props in facts.items():
            values = [value for prop_facts in props.values() for value in prop_facts]
            nearest = min(
                (sets[value["value"]] for value in values), key=("direct", "part", "larger set").index
            )
            exposed[work] = {"how": nearest, "on": values}
        inherited = self._read.rows(
            f"SELECT DISTINCT ?work ?through {{ {narrowed} VALUES ?through "
            f"{{ {' '.join(map(term, exposed))} }} "
            "?work fmg:derivesFrom ?through }"
        )
        denied = self._read.facts(
            f"VALUES ?o {{ {node} }} ?claim rdf:object ?o ; rdf:predicate fmg:notTrainedOn ."
        )
        everything = self._read.rows(
            f"SELECT DISTINCT ?work ?label ?stated {{ {narrowed} ?work rdfs:label ?label ; a fmg:Work "
            + ("" if among else "; fmg:scope 'medical' ")
            + "BIND(EXISTS { ?work fmg:derivesFrom?/fmg:trainedOn ?any } AS ?stated) } ORDER BY ?label"
        )
        labels = self._read.labels({*exposed, *(row["work"] for row in inherited), *denied})
        groups: dict[str, list[Answer]] = {
            "direct": [],
            "part": [],
            "larger set": [],
            "inherited": [],
            "denied": [],
        }
        for work, how in exposed.items():
            if not work_iris or work in work_iris:
                groups[how["how"]].append(
                    {"iri": work, "label": labels.get(work, work), "trained_on": how["on"]}
                )
        through: dict[str, list[str]] = {}
        for row in inherited:
            if row["work"] not in exposed:
                through.setdefault(row["work"], []).append(labels.get(row["through"], row["through"]))
        for work, names in through.items():
            groups["inherited"].append(
                {"iri": work, "label": labels.get(work, work), "through": sorted(names)}
            )
        for work, props in denied.items():
            if not work_iris or work in work_iris:
                groups["denied"].append(
                    {"iri": work, "label": labels.get(work, work), "says": props["notTrainedOn"]}
                )
        touched = {*exposed, *through, *denied}
        unknown = [row for row in everything if row["work"] not in touched and row["stated"] == "false"]
        others = sum(row["work"] not in touched and row["stated"] == "true" for row in everything)
        return {
            **identify(match),
            "asked_about": len(everything),
            "unknown": [row["label"] for row in unknown][:MOST_ROWS] if among else len(unknown),
            "counts": {**{key: len(value) for key, value in groups.items()}, "unknown": len(unknown)},
            "training_data_stated_without_it": others,
            **groups,
            "note": "works whose stated training data do not include it may still have seen it",
        }

    def find_works(
        self,
        filters: dict[str, str] | None = None,
        year_from: int = 0,
        year_to: int = 0,
        commercial_use: bool | None = None,
        missing: str = "",
        group_by: str = "",
        limit: int = ROWS,
    ) -> Answer:
        """Find medical works by filters, by what is missing, or grouped; and for how many that is unknown."""
        parts = ["?work a fmg:Work ; fmg:scope 'medical' ; rdfs:label ?label ."]
        unknown: dict[str, int] = {}
        filter_values: dict[str, str] = {}
        conditions: dict[str, tuple[str, str]] = {}
        for key, value in (filters or {}).items():
            if key not in FILTERS:
                raise ParameterError(f"there is no filter {key!r}; there are {', '.join(FILTERS)}")
            prop, kinds, wider = FILTERS[key]
            if key == "access":
                target, filter_values[key] = _quoted(value), value
            else:
                match = self._read.find(value, kinds) if kinds else self._read.find_work(value)
                target, filter_values[key] = term(match.iri), match.iri
            path = f"fmg:{prop}/{wider}?" if wider else f"fmg:{prop}"
            conditions[key] = (
                f"?work {path} {target} .",
                f"FILTER NOT EXISTS {{ ?work fmg:{prop} ?any_{key} }}",
            )
        if year_from or year_to:
            low, high = year_from or 0, year_to or 9999
            condition = (
                f"?work fmg:year "
                f"?year FILTER(xsd:integer(STR(?year)) >= {low} && xsd:integer(STR(?year)) <= {high})"
            )
            conditions["year"] = (condition, "FILTER NOT EXISTS { ?work fmg:year ?any_year }")
        if commercial_use is not None:
            allowed = str(commercial_use).lower()
            condition = f"?work fmg:weightsLicense/fmg:commercialUse {allowed} ."
            if commercial_use:
                condition += " FILTER NOT EXISTS { ?work fmg:weightsLicense/fmg:commercialUse false }"
            conditions["commercial_use"] = (
                condition,
                "FILTER NOT EXISTS { ?work fmg:weightsLicense/fmg:commercialUse ?any_use }",
            )
        if missing:
            gap = _property(missing)
            conditions["missing"] = (f"FILTER NOT EXISTS {{ ?work fmg:{gap} ?missing }}", "FILTER(false)")
        where = " ".join([*parts, *(yes for yes, _ in conditions.values())])
        for key, (_, no) in conditions.items():
            rest = " ".join(yes for other, (yes, _) in conditions.items() if other != key)
            rows = self._read.rows(f"SELECT (COUNT(DISTINCT ?work) AS ?n) WHERE {{ {parts[0]} {rest} {no} }}")
            if key != "missing":
                unknown[key] = int(rows[0]["n"])
        total = self._read.rows("SELECT (COUNT(DISTINCT ?w) AS ?n) { ?w a fmg:Work ; fmg:scope 'medical' }")
        works = self._read.rows(
            f"SELECT DISTINCT ?work ?label WHERE {{ {where} }} ORDER BY LCASE(?label) ?work"
        )
        answer: Answer = {
            "asked_about": int(total[0]["n"]),
            "count": len(works),
            "unknown": unknown,
            "filters": filter_values,
        }
        if group_by:
            answer["groups"], answer["without"] = self._grouped(where, _property(group_by), len(works))
        page = works[: max(1, min(limit, MOST_ROWS))]
        props = [FILTERS[key][0] for key in filters or () if key != "built_on"]
        if page and props:
            some = " ".join(term(row["work"]) for row in page)
            predicates = " ".join(f"fmg:{prop}" for prop in props)
            facts = self._read.facts(
                f"VALUES ?s {{ {some} }} VALUES ?wanted {{ {predicates} }} ?claim rdf:subject ?s "
                f"; rdf:predicate ?said . "
                "?said rdfs:subPropertyOf* ?wanted ."
            )
            answer["works"] = [{**row, "facts": facts.get(row["work"], {})} for row in page]
        else:
            answer["works"] = page
        return _bounded(answer, "works", len(works))

    def _grouped(self, where: str, prop: str, total: int) -> tuple[list[Answer], int]:
        rows = self._read.rows(
            f"SELECT ?value (SAMPLE(?l) AS ?name) (COUNT(DISTINCT ?work) AS ?works) WHERE {{ {where} "
            f"?work fmg:{prop} ?value OPTIONAL {{ ?value rdfs:label ?l }} }} GROUP BY ?value "
            f"ORDER BY DESC(?works) ?value"
        )
        having = self._read.rows(
            f"SELECT (COUNT(DISTINCT ?work) AS ?n) WHERE {{ {where} ?work fmg:{prop} ?value }}"
        )
        groups = [
            {"value": row["value"], "label": row.get("name", row["value"]), "works": int(row["works"])}
            for row in rows
        ]
        return groups[:MOST_ROWS], total - int(having[0]["n"])

    # ---- the graph

    def disagreements(self, name: str = "", limit: int = ROWS) -> Answer:
        """List claims that are set aside or contradicted: of one entity, or of all, with the reasons."""
        if name:
            report = self.evidence(name)
            claims = [one for one in report["claims"] if one["property"] in report["disagreements"]]
            return {**report, "claims": claims, "count": len(claims)}
        rows = self._read.rows(
            "SELECT DISTINCT ?claim ?subject ?label ?property ?value ?source ?reason { "
            "?claim fmg:accepted false ; rdf:subject ?subject ; rdf:predicate ?property ; rdf:object "
            "?value . "
            "?subject rdfs:label ?label . FILTER NOT EXISTS { ?property fmg:absenceOf ?other } "
            "OPTIONAL { ?claim prov:hadPrimarySource|prov:wasQuotedFrom ?source } "
            "OPTIONAL { ?claim fmg:reason ?reason } } ORDER BY ?label ?property ?claim"
        )
        answer: Answer = {
            "asked_about": len({row["subject"] for row in rows}),
            "unknown": 0,
            "count": len(rows),
        }
        answer["claims"] = rows[: max(1, min(limit, MOST_ROWS))]
        return _bounded(answer, "claims", len(rows))

    def changes(self, limit: int = ROWS) -> Answer:
        """Tell the version of the data and what each release added."""
        meta = self._engine.meta
        now = {
            row["s"]
            for kind in all_kinds().values()
            if kind.recorded
            for row in self._read.rows(f"SELECT ?s {{ ?s a {term(kind.iri)} }}")
        }
        releases = [
            {"version": one.version, "date": one.date, "records": len(one.records)} for one in read_releases()
        ]
        before = {f"{meta.base}{name}" for one in read_releases() for name in one.records}
        added = sorted(iri for iri in now - before if iri.startswith(meta.base)) if releases else []
        kind_counts = Counter(iri.removeprefix(meta.base).partition("/")[0] for iri in added)
        return {
            "asked_about": len(now),
            "unknown": 0,
            "version": meta.version,
            "modified": meta.modified,
            "digest": meta.digest,
            "triples": meta.triples,
            "releases": releases,
            "added_since_the_last_release": dict(kind_counts),
            "some_of_them": added[: max(1, min(limit, MOST_ROWS))],
        }

    def named_query(
        self, name: str = "", parameters: dict[str, str] | None = None, limit: int = ROWS
    ) -> Answer:
        """Run one of the named queries; without a name, list them with their parameters."""
        if not name:
            listed = [
                {"name": one.name, "title": one.title, "parameters": [p.name for p in one.parameters]}
                for one in load_queries().values()
            ]
            return {"asked_about": len(listed), "unknown": 0, "queries": listed}
        query = get_query(name)
        text = query.bind(parameters or {}, self._engine)
        answer = self.sparql(text, limit)
        return {"query": query.title, "description": query.description, **answer}

    def sparql(self, query: str, limit: int = ROWS) -> Answer:
        """Run a SPARQL query (read-only, the endpoint's limits); usual prefixes need no declaration."""
        missing = "".join(
            f"PREFIX {prefix}: <{iri}>\n"
            for prefix, iri in PREFIXES.items()
            if f"{prefix}:" in query and f"prefix {prefix}:" not in query.lower()
        )
        answer = self._engine.run(
            missing + query, formats=ResultFormats("application/sparql-results+json", "text/turtle")
        )
        messages = warnings(missing + query, self._engine)
        if answer.kind == "graph":
            text = answer.body.decode()
            turtle = text[:20_000]
            return {
                "asked_about": 1,
                "unknown": 0,
                "warnings": messages,
                "turtle": turtle,
                "cut": len(text) > len(turtle),
            }
        body = json.loads(answer.body)
        if answer.kind == "ask":
            return {"asked_about": 1, "unknown": 0, "warnings": messages, "answer": body["boolean"]}
        rows = [{name: value["value"] for name, value in row.items()} for row in body["results"]["bindings"]]
        columns = body["head"]["vars"]
        empty = {column: sum(column not in row for row in rows) for column in columns}
        table: Answer = {
            "asked_about": len(rows),
            "unknown": {k: n for k, n in empty.items() if n},
            "warnings": messages,
        }
        table["columns"], table["rows"] = columns, rows[: max(1, min(limit, MOST_ROWS))]
        return _bounded(table, "rows", len(rows))


def _bounded(answer: Answer, key: str, total: int) -> Answer:
    """Say how many rows an answer leaves out."""
    left = total - len(answer[key])
    return {**answer, "left_out": left} if left > 0 else answer


def _kinds(kind: str) -> tuple[str, ...]:
    if not kind:
        return ()
    if kind == "work":
        return work_kinds()
    if kind not in all_kinds():
        raise ParameterError(f"there is no kind {kind!r}; there are work, {', '.join(all_kinds())}")
    return (kind,)


def _property(name: str) -> str:
    """Return the local name of a property by its name or IRI, in camel or snake case."""
    head, *rest = name.split("_")
    return property_iri(head + "".join(part.capitalize() for part in rest)).removeprefix(FMG)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
