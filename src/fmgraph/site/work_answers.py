"""What one asks of a work first: weights, commercial use, what it is built and trained on, size, modality.

The head of a work's page, the table of an index and a comparison all show these, so they are read here, for
any number of works at once. Unknown is said, never guessed: see :class:`Answers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pyoxigraph as ox

from fmgraph.rdf.prefixes import FMG
from fmgraph.site.graph_reader import Graph, batches, iri, text, values
from fmgraph.site.page_links import SPDX

#: What ``fmg:access`` says, in the words of an answer.
ACCESS = {
    "open": "open",
    "gated": "gated (an account or a form)",
    "on-request": "on request",
    "not-released": "none released",
}
_PROPS = (
    *("access", "weights", "weightsAvailable", "weightsLicense", "codeLicense", "builtOn"),
    *("trainedFromScratch", "trainedOn", "notTrainedOn", "parameterCount", "modality", "year", "code"),
)
_READ = f"VALUES ?p {{ {' '.join('fmg:' + name for name in _PROPS)} }}"
#: Groups of digits that have a name.
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))

#: Numbers of parameters that are named one by one.
_FEW_SIZES = 3


@dataclass
class Answers:
    """What the graph says of a work. Lists are of IRIs; an empty list or None is unknown."""

    access: str | None = None
    weights: list[str] = field(default_factory=list)
    weights_available: bool | None = None
    weights_licenses: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    code_licenses: list[str] = field(default_factory=list)
    commercial: bool | None = None  #: by the licences of the weights; what one forbids is forbidden
    code_commercial: bool | None = None
    stricter: list[tuple[str, str]] = field(default_factory=list)  #: works beneath that forbid it, by licence
    built_on: list[str] = field(default_factory=list)
    from_scratch: bool = False
    trained_on: list[str] = field(default_factory=list)
    not_trained_on: list[str] = field(default_factory=list)
    parameters: list[int] = field(default_factory=list)
    modalities: list[str] = field(default_factory=list)
    years: list[str] = field(default_factory=list)

    @property
    def terms(self) -> list[str]:
        """All IRIs in the answers, for their labels."""
        beneath = [one for pair in self.stricter for one in pair]
        return [
            *(*self.weights_licenses, *self.code_licenses, *self.built_on, *self.trained_on),
            *(*self.modalities, *beneath, *self.not_trained_on),
        ]

    @property
    def weights_status(self) -> str:
        """Whether weights can be had: as ``fmg:access`` says, else what a link or a statement tells."""
        if self.access is not None:
            return self.access
        if self.weights:
            return "linked"
        if self.weights_available is not None:
            return "available" if self.weights_available else "not-released"
        return "unknown"

    @property
    def weights_words(self) -> str:
        """The status in words."""
        status = self.weights_status
        more = {"linked": "linked, terms of access unknown", "available": "said to be available"}
        return ACCESS.get(status) or more.get(status) or status

    @property
    def commercial_words(self) -> str:
        """Yes, no or unknown."""
        return {True: "yes", False: "no", None: "unknown"}[self.commercial]

    @property
    def size(self) -> str:
        """The numbers of parameters as people write them: ``307 M``; empty when unknown.

        Of many variants it is the smallest and the largest.
        """
        sizes = [scaled(number) for number in sorted(set(self.parameters))]
        return ", ".join(sizes) if len(sizes) <= _FEW_SIZES else f"{sizes[0]} to {sizes[-1]}"


def scaled(number: int) -> str:
    """Return a count as people write it: ``307 M``, ``1.9 B``."""
    for unit, name in _SCALES:
        if number >= unit:
            return f"{(Decimal(number) / unit).quantize(Decimal('0.01')).normalize():f} {name}"
    return str(number)


def license_name(license_iri: str, label: str) -> str:
    """Return the short name of a licence: its SPDX id, else its label."""
    return license_iri[len(SPDX) :] if license_iri.startswith(SPDX) else label


def read_answers(graph: Graph, works: Sequence[str]) -> dict[str, Answers]:
    """Return the answers about each of the works, by IRI."""
    answers_by_work = {work: Answers() for work in works}
    for some in batches(works):
        for row in graph.rows(
            f"SELECT ?s ?p ?o WHERE {{ {values('s', some)} {_READ} ?s ?p ?o }} ORDER BY ?s ?p ?o"
        ):
            _take(answers_by_work[row["s"].value], row["p"].value.removeprefix(FMG), row["o"])
    licenses = {
        one
        for answers in answers_by_work.values()
        for one in (*answers.weights_licenses, *answers.code_licenses)
    }
    allowed = _commercial(graph, licenses)
    for answers in answers_by_work.values():
        answers.commercial = strictest(allowed.get(one) for one in answers.weights_licenses)
        answers.code_commercial = strictest(allowed.get(one) for one in answers.code_licenses)
    for some in batches(works):
        for row in graph.rows(
            f"SELECT DISTINCT ?s ?b ?l WHERE {{ {values('s', some)} ?s fmg:weightsDeriveFrom ?b . "
            "?b fmg:weightsLicense ?l . ?l fmg:commercialUse false } ORDER BY ?s ?b ?l"
        ):
            answers_by_work[row["s"].value].stricter.append((row["b"].value, row["l"].value))
    return answers_by_work


def strictest(verdicts: Iterable[bool | None]) -> bool | None:
    """Return False where one forbids, else None where one is unknown or there is none, else True."""
    all_verdicts = list(verdicts)
    return False if False in all_verdicts else True if all_verdicts and None not in all_verdicts else None


def _commercial(graph: Graph, licenses: Iterable[str]) -> dict[str, bool]:
    rows = [
        row
        for some in batches(licenses)
        for row in graph.rows(f"SELECT ?l ?c WHERE {{ {values('l', some)} ?l fmg:commercialUse ?c }}")
    ]
    return {row["l"].value: text(row["c"]) == "true" for row in rows}


def _take(answers: Answers, name: str, value: ox.NamedNode | ox.Literal) -> None:
    value_text = text(value)
    lists = {
        "weights": answers.weights,
        "weightsLicense": answers.weights_licenses,
        "code": answers.code,
        "codeLicense": answers.code_licenses,
        "builtOn": answers.built_on,
        "trainedOn": answers.trained_on,
        "notTrainedOn": answers.not_trained_on,
        "modality": answers.modalities,
        "year": answers.years,
    }
    if name in lists:
        lists[name].append(value_text)
    elif name == "access":
        answers.access = value_text
    elif name == "parameterCount" and value_text.isdecimal():
        answers.parameters.append(int(value_text))
    elif name == "weightsAvailable":
        answers.weights_available = value_text == "true"
    elif name == "trainedFromScratch":
        answers.from_scratch = value_text == "true"


def descendants_count(graph: Graph, works: Iterable[str]) -> dict[str, int]:
    """Return how many works are built on each, directly or not; those without any are left out."""
    return {
        row["s"].value: int(row["n"].value)
        for some in batches(works)
        for row in graph.rows(
            f"SELECT ?s (COUNT(DISTINCT ?d) AS ?n) WHERE {{ {values('s', some)} ?d fmg:derivesFrom ?s }} "
            "GROUP BY ?s"
        )
    }


def alike(graph: Graph, work: str, answers: Answers, most: int = 8) -> list[str]:
    """Return works to compare the work with: of its modalities, those built on the same first."""
    if not answers.modalities:
        return []
    parents = f"OPTIONAL {{ {values('p', answers.built_on)} ?s fmg:builtOn ?p }}" if answers.built_on else ""
    rows = graph.rows(
        f"SELECT ?s (COUNT(DISTINCT ?m) AS ?n) {'(COUNT(DISTINCT ?p) AS ?k)' if parents else ''} WHERE {{ "
        f"{values('m', answers.modalities)} ?s fmg:modality ?m ; a fmg:Work {parents} "
        f"FILTER(?s != {iri(work)}) }} GROUP BY ?s ORDER BY {'DESC(?k)' if parents else ''} DESC(?n) ?s "
        f"LIMIT {most}"
    )
    return [row["s"].value for row in rows]
