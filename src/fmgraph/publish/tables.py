"""The graph as tables: works, lineage, claims, list rows, papers, data sets, results; as CSV and Parquet.

One line an entity, edge or claim. What has several values holds them in one text, separated by `` | ``; what
is unknown is empty (NULL in Parquet). Parquet is made by DuckDB (the extra ``tables``) from the CSV.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fmgraph.errors import UsageError
from fmgraph.rdf.prefixes import PREFIXES
from fmgraph.server.engine import Engine, Term

#: What separates the values of a cell.
SEPARATOR = " | "
_PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
_SQL = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}


@dataclass(frozen=True)
class Column:
    """A column: ``path`` leads from the entity (``?s``) to the values, whose names count if ``labelled``."""

    name: str
    description: str
    path: str
    type: Literal["text", "integer", "number", "boolean"] = "text"
    labelled: bool = False


@dataclass(frozen=True)
class Table:
    """A table: the rows are what matches ``pattern`` (``?s``), sorted by IRI; the first column is ``key``."""

    name: str
    description: str
    pattern: str
    key: str
    columns: tuple[Column, ...]

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The columns with the key before them."""
        return (Column(self.key, "IRI", ""), *self.columns)


def _own(name: str, prop: str, description: str, *, labelled: bool = False, kind: str = "text") -> Column:
    return Column(name, description, f"fmg:{prop}", kind, labelled)  # type: ignore[arg-type]


_LABEL = Column("label", "name", "rdfs:label")
_SOURCE = Column("source", "where it was read", "prov:hadPrimarySource|prov:wasQuotedFrom")
_LOCATOR = _own("locator", "locator", "where in the source")
_CLAIM = (
    Column("subject", "IRI of what it is about", "rdf:subject"),
    Column("property", "IRI of the property", "rdf:predicate"),
    Column("value", "IRI or text", "rdf:object"),
    Column("value_label", "name of the value", "rdf:object/rdfs:label"),
)
TABLES: tuple[Table, ...] = (
    Table(
        "works",
        "Models, adaptation methods, applications and benchmarks.",
        "?s a fmg:Work",
        "work",
        (
            _LABEL,
            Column("kind", "kind of work", "rdf:type/fmg:kind"),
            _own("scope", "scope", "medical, or general: a parent from outside medicine"),
            _own("year", "year", "year of publication", kind="integer"),
            _own("modalities", "modality", "kinds of data", labelled=True),
            _own("backbones", "backbone", "architectures", labelled=True),
            _own("methods", "pretrainingMethod", "ways of pretraining", labelled=True),
            _own("built_on", "builtOn", "IRIs of what it is built on, directly"),
            _own("trained_on", "trainedOn", "IRIs of training data"),
            _own("developers", "developedBy", "institutions", labelled=True),
            _own("parameters", "parameterCount", "numbers of parameters"),
            _own("access", "access", "open, gated, on-request or not-released"),
            _own("weights_licence", "weightsLicense", "IRIs"),
            _own("code_licence", "codeLicense", "IRIs"),
            _own("weights", "weights", "addresses"),
            _own("code", "code", "addresses"),
            _own("papers", "describedBy", "IRIs"),
        ),
    ),
    Table(
        "lineage",
        "What is built on what, one line for each accepted claim.",
        "?s rdf:predicate/rdfs:subPropertyOf* fmg:builtOn ; fmg:accepted true",
        "claim",
        (
            Column("child", "IRI of the work", "rdf:subject"),
            Column("child_label", "its name", "rdf:subject/rdfs:label"),
            Column("relation", "IRI of the relation", "rdf:predicate"),
            Column("parent", "IRI of what it is built on", "rdf:object"),
            Column("parent_label", "its name", "rdf:object/rdfs:label"),
            _own("alternative", "alternative", "the word that alternatives share, of which the work has one"),
            _own("variant", "variant", "the variant of the work for which it holds"),
            _SOURCE,
            _LOCATOR,
        ),
    ),
    Table(
        "claims",
        "Every statement of a source, accepted or not.",
        "?s a fmg:Claim",
        "claim",
        (
            *_CLAIM,
            _own("accepted", "accepted", "whether the graph holds it", kind="boolean"),
            _own("basis", "basis", "IRI: list cell, primary or secondary source, inherited"),
            _own("rank", "rank", "IRI: preferred, normal, deprecated"),
            _own("reason", "reason", "why it is set aside"),
            _SOURCE,
            _LOCATOR,
            Column("raw", "text of the cell", "prov:value"),
        ),
    ),
    Table(
        "rows",
        "The rows of the source lists, and the record of each.",
        "?s a fmg:ListRow",
        "row",
        (
            Column("list", "IRI of the edition", "dcterms:isPartOf"),
            Column("list_label", "its name", "dcterms:isPartOf/rdfs:label"),
            Column("position", "place in the list", "schema:position", "integer"),
            _own("line", "line", "line of the file", kind="integer"),
            Column("record", "IRI of what the row is about", "foaf:primaryTopic"),
            _own("skipped_because", "skippedBecause", "why it is about no record"),
        ),
    ),
    Table(
        "papers",
        "Papers and reviews.",
        "?s a fmg:Paper",
        "paper",
        (
            Column("title", "title", "fmg:title"),
            _own("year", "year", "year of publication", kind="integer"),
            _own("venue", "publishedIn", "journal, conference or server", labelled=True),
            _own("doi", "doi", "DOI"),
            _own("arxiv", "arxiv", "arXiv id"),
            _own("authors", "author", "names", labelled=True),
            Column("works", "IRIs of what it describes", "^fmg:describedBy"),
        ),
    ),
    Table(
        "datasets",
        "Data sets on which works are trained or evaluated.",
        "?s a fmg:Dataset",
        "dataset",
        (
            _LABEL,
            _own("modalities", "modality", "kinds of data", labelled=True),
            _own("scale", "dataScale", "sizes", labelled=True),
            _own("part_of", "partOf", "IRIs of larger sets"),
            _own("access", "access", "open, gated, on-request"),
            _own("licence", "license", "IRIs"),
            Column("homepage", "addresses", "foaf:homepage|dcat:landingPage"),
        ),
    ),
    Table(
        "results",
        "Numbers that sources print for works on data sets. Compare only within one comparison.",
        "?s a fmg:Evaluation",
        "evaluation",
        (
            _own("work", "evaluates", "IRI"),
            Column("work_label", "its name", "fmg:evaluates/rdfs:label"),
            _own("dataset", "onDataset", "IRI"),
            _own("dataset_label", "onDataset", "its name", labelled=True),
            _own("task", "task", "task", labelled=True),
            _own("metric", "metric", "metric", labelled=True),
            _own("setting", "setting", "how the model was adapted or asked", labelled=True),
            Column("value", "the number", "schema:value", "number"),
            _own(
                "normalised_value", "normalisedValue", "the number on the metric's own scale", kind="number"
            ),
            Column("printed", "the number as printed", "prov:value"),
            _own("printed_name", "printedName", "the model's name as printed"),
            _own("protocol", "protocol", "IRI"),
            _own("comparison", "inComparison", "IRI; only results of one comparison may be ranked"),
            _own("rank", "rankInComparison", "place within the comparison", kind="integer"),
            _own("reporter", "reporter", "IRI: who reports it"),
            _SOURCE,
            _LOCATOR,
        ),
    ),
)


def file_name(table: Table, suffix: str) -> str:
    """Return the name of a table's file among the dumps."""
    return f"fmgraph-{table.name}.{suffix}"


def rows_of(engine: Engine, table: Table) -> Iterator[list[str]]:
    """Yield the lines of a table, sorted by IRI; every value as text, several in code point order."""
    entities: dict[str, dict[str, set[str]]] = {
        _text(row["s"]): {}
        for row in engine.rows(f"{_PROLOGUE} SELECT DISTINCT ?s WHERE {{ {table.pattern} }}")
    }
    for column in table.columns:
        label = "?o rdfs:label ?v" if column.labelled else "BIND(STR(?o) AS ?v)"
        query = f"SELECT DISTINCT ?s ?v WHERE {{ {table.pattern} . ?s {column.path} ?o . {label} }}"
        for row in engine.rows(_PROLOGUE + query):
            entities[_text(row["s"])].setdefault(column.name, set()).add(_text(row["v"]))
    for iri, values in sorted(entities.items()):
        yield [iri, *(SEPARATOR.join(sorted(values.get(column.name, ()))) for column in table.columns)]


def _text(term: Term) -> str:
    return str(getattr(term, "value", term))


def write_csv(engine: Engine, table: Table, path: Path) -> int:
    """Write a table as CSV (RFC 4180, UTF-8, lines end in LF); return the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([column.name for column in table.all_columns])
        for row in rows_of(engine, table):
            out.writerow(row)
            count += 1
    return count


def write_parquet(source: Path, table: Table, path: Path) -> None:
    """Write a table's CSV file as Parquet; raises UsageError where DuckDB is not installed."""
    try:
        import duckdb  # an extra
    except ImportError as error:
        raise UsageError(f"this needs the extra: pip install 'fmgraph[tables]' ({error})") from None
    types = ", ".join(f"'{column.name}': '{_SQL[column.type]}'" for column in table.all_columns)
    read = (
        f"read_csv({_quoted(source)}, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
        f"parallel = false, max_line_size = 10000000, columns = {{{types}}})"
    )
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute(
            f"COPY (SELECT * FROM {read}) TO {_quoted(path)} (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608
        )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def write_tables(engine: Engine, folder: Path, *, plain: bool = True) -> Iterable[Path]:
    """Write all tables to a folder, as Parquet and (``plain``) as CSV; yield the files in order."""
    for table in TABLES:
        text, packed = folder / file_name(table, "csv"), folder / file_name(table, "parquet")
        write_csv(engine, table, text)
        write_parquet(text, table, packed)
        if plain:
            yield text
        else:
            text.unlink()
        yield packed
