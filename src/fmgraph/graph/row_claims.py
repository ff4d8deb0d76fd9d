"""Source lists to rows, cells and the claims that the cells make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fmgraph.graph.build_state import Build, ListClaim
from fmgraph.graph.cell_readers import Assertion, CellReader, PartlyReadError, UnknownNameError
from fmgraph.graph.claims import Claim
from fmgraph.graph.row_identity import Owners
from fmgraph.lists import Reading, Row, SetAside, SourceList
from fmgraph.lists.row_titles import row_title
from fmgraph.rdf.prefixes import BASE, DCTERMS, FOAF, OWL, PROV, SCHEMA, XSD
from fmgraph.rdf.terms import LABEL, A, Term, entity, integer, iri, literal, own
from fmgraph.records.address_kinds import UNFIT, unfit
from fmgraph.records.addresses import parse_address
from fmgraph.records.findings import Severity
from fmgraph.records.record_files import Record
from fmgraph.text import match_key

#: What a row about a work says of the paper that describes it, not of the work.
_OF_THE_PAPER = frozenset({"title", "published_in", "author", "url", "doi", "arxiv"})
#: What it says of both.
_OF_BOTH = frozenset({"year"})
_POSITION = iri(f"{SCHEMA}position")
_PART_OF = iri(f"{DCTERMS}isPartOf")
_VALUE = iri(f"{PROV}value")


class NoPaperError(ValueError):
    """A row says something of the paper of a record that has none yet."""


class ListBuilder:
    """Adds one list to a build."""

    def __init__(self, build: Build, source: SourceList, owners: Owners) -> None:
        self._build = build
        self._owners = owners
        self._list = source
        self._node = entity("list", source.id)
        self._reader = CellReader(build.catalogue)
        self._not_read = {(cell.row, cell.column): cell.reason for cell in source.not_read}
        self._unread_parts = {(cell.row, cell.column, match_key(cell.part)) for cell in source.not_read}

    def add(self) -> None:
        """Add the list, its tables, rows and cells, and the claims that they make."""
        self._describe()
        readings: dict[str, list[Reading]] = {}
        for reading in self._list.readings:
            readings.setdefault(reading.row, []).append(reading)
        for row in self._list.rows:
            self._add_row(row)
            record = self._accepted_record(row)
            if record is None:
                continue
            self._read_cells(row, record)
            self._read_section(row, record)
            for reading in readings.get(row.id, ()):
                self._read_reading(row, record, reading)

    def _describe(self) -> None:
        source, add = self._list, self._build.triples.add
        add((self._node, A, own("SourceList")))
        add((self._node, LABEL, literal(source.label)))
        if source.source:
            add((self._node, iri(f"{DCTERMS}source"), iri(parse_address(source.source).iri)))
        if source.commit:
            add((self._node, iri(f"{SCHEMA}version"), literal(source.commit)))
        if source.date:
            add((self._node, iri(f"{DCTERMS}issued"), literal(source.date, f"{XSD}date")))
        add((self._node, own("layout"), literal(source.layout)))
        if source.repository:
            repository = iri(parse_address(source.repository).iri)
            add((self._node, iri(f"{DCTERMS}isVersionOf"), repository))
            self._build.bases.add(repository, "secondary")
        if source.replaces:
            add((self._node, iri(f"{DCTERMS}replaces"), entity("list", source.replaces)))
        for table in source.tables:
            node = self._table(table.number)
            add((node, A, own("Table")))
            add((node, _PART_OF, self._node))
            add((node, _POSITION, integer(table.number)))
            add((node, LABEL, literal(table.section)))
            for column in table.columns:
                column_node = self._table(table.number, column.slug)
                add((column_node, A, own("Column")))
                add((column_node, own("inTable"), node))
                add((column_node, _POSITION, integer(column.position)))
                add((column_node, LABEL, literal(column.header)))
                is_stored = "false" if column.spec.prose else "true"
                add((column_node, own("stored"), literal(is_stored, f"{XSD}boolean")))
        for removed_id in source.removed_ids:
            add((entity("row", removed_id), iri(f"{OWL}deprecated"), literal("true", f"{XSD}boolean")))

    def _table(self, number: int, column: str | None = None) -> Term:
        return iri(f"{BASE}list/{self._list.id}#table-{number}" + (f"-{column}" if column else ""))

    def _add_row(self, row: Row) -> None:
        add, node = self._build.triples.add, entity("row", row.id)
        add((node, A, own("ListRow")))
        add((node, _PART_OF, self._node))
        add((node, own("inTable"), self._table(row.table)))
        add((node, _POSITION, integer(row.position)))
        add((node, own("line"), integer(row.line)))
        add((node, LABEL, literal(f"{self._list.label}, row {row.position}")))
        for column in self._list.table(row).columns:
            text = row.cells[column.header]
            if not text and column.header not in self._list.prose.get(row.id, ()):
                continue
            cell = self._cell(row, column.slug)
            add((cell, A, own("Cell")))
            add((cell, own("inRow"), node))
            add((cell, own("column"), self._table(row.table, column.slug)))
            if text:
                add((cell, _VALUE, literal(text)))
            if reason := self._not_read.get((row.id, column.header)):
                add((cell, own("notReadBecause"), literal(reason)))

    def _cell(self, row: Row, column: str) -> Term:
        return iri(f"{BASE}row/{row.id}#{column}")

    def _accepted_record(self, row: Row) -> Record | None:
        """Return the record that the row is about, None where its cells make no claims (yet)."""
        node = entity("row", row.id)
        if reason := self._list.skip.get(row.id):
            self._build.triples.add((node, own("skippedBecause"), literal(reason)))
            return None
        if row.id in self._list.provisional:
            self._build.triples.add((node, own("provisional"), literal("true", f"{XSD}boolean")))
            what, remedy = (
                "is provisional",
                f"accept it: delete it from `provisional:` in {self._list.yaml_path.name}",
            )
            self._open(row, f"{what}: its claims wait", "provisional-row", remedy)
            return None
        if row.record is None:
            remedy = "write kind/slug in the record column, or say under `skip:` why it is not about a work"
            self._open(row, "names no record", "row-without-record", remedy)
            return None
        return self._record(row.record, row)

    def _open(self, row: Row, message: str, rule: str, remedy: str) -> None:
        place = self._list.csv_path, row.csv_line, "record"
        self._build.find(f"{self._title(row)} {message}", *place, rule, remedy, "open")

    def _title(self, row: Row) -> str:
        """Return the row's id and what it is called, for people."""
        title = row_title(self._list, row)
        return f"{row.id} ({title})" if title else row.id

    def _record(self, name: str, row: Row) -> Record | None:
        kind, _, slug = name.partition("/")
        record = self._build.catalogue.records.get(kind, {}).get(slug)
        if record is None:
            near = self._build.catalogue.nearest(kind, slug) if kind in self._build.catalogue.records else []
            self._build.find(
                f"{self._title(row)} is about {name!r}, which has no record",
                self._list.csv_path,
                row.csv_line,
                "record",
                "row-without-record",
                f"nearest: {', '.join(near)}" if near else f"add data/{name}.yaml",
            )
            return None
        if another := self._owners.another(row, record):
            identifier, owner = another
            self._build.find(
                f"{self._title(row)} is about {name}, but its {identifier} is that of {owner}",
                self._list.csv_path,
                row.csv_line,
                "record",
                "row-of-another-record",
                f"write {owner} in the record column, or correct the identifier in one of the two records",
            )
        self._build.triples.add(
            (entity("row", row.id), iri(f"{FOAF}primaryTopic"), self._build.catalogue.term(record))
        )
        return record

    def _read_cells(self, row: Row, record: Record) -> None:
        for column in self._list.table(row).columns:
            text, spec = row.cells[column.header], column.spec
            if not text or spec.prose or spec.ignored or (row.id, column.header, "") in self._unread_parts:
                continue
            cell = self._cell(row, column.slug)
            for number, field in enumerate(spec.fields):
                label = spec.label if number == 0 else None
                for error in self._read_cell(row, record, field, label, text, cell, column.header):
                    if self._is_explained(row, column.header, error):
                        continue
                    self._build.find(
                        f"{self._title(row)}: {error}",
                        self._list.csv_path,
                        row.csv_line,
                        column.header,
                        "cell-not-understood",
                        severity="open",
                    )

    def _is_explained(self, row: Row, header: str, error: ValueError) -> bool:
        """Whether ``not_read`` gives a reason for every unknown name in a cell."""
        unknown = error.unknown if isinstance(error, PartlyReadError) else [error]
        names = [one.name for one in unknown if isinstance(one, UnknownNameError)]
        return bool(names) and all((row.id, header, match_key(name)) in self._unread_parts for name in names)

    def _read_cell(
        self, row: Row, record: Record, field: str, label: str | None, text: str, cell: Term, header: str
    ) -> Iterator[ValueError]:
        """Add the claims of a cell; yield what of it is not understood, which does not hide the rest."""
        assertions: list[Assertion] = []
        try:
            assertions = self._reader.read(field, label, text, record)
        except PartlyReadError as error:
            assertions = error.assertions
            yield error
        except ValueError as error:
            yield error
        for assertion in assertions:
            try:
                claims = self._claim(row, record, field, [assertion], cell, text)
                rules = self._list.set_aside
                self._set_aside(claims, [rule for rule in rules if rule.of_cell(row.id, header, text)])
            except ValueError as error:
                yield error

    def _set_aside(self, claims: Iterable[Claim], rules: Iterable[SetAside]) -> None:
        """Deprecate the claims that the list's curator found to tell nothing."""
        for rule in rules:
            for claim in claims:
                claim.rank, claim.reason = "deprecated", rule.reason

    def _read_section(self, row: Row, record: Record) -> None:
        section = self._list.table(row).section
        for fact in self._list.sections.get(section, ()):
            assertions = [Assertion(fact.key, value) for value in fact.values]
            claims = self._guarded(row, record, fact.key, fact.line, assertions, None, section)
            self._set_aside(
                claims, [rule for rule in self._list.set_aside if rule.of_section(row.id, section)]
            )

    def _read_reading(self, row: Row, record: Record, reading: Reading) -> None:
        about = self._record_of_reading(reading, row) if reading.about else record
        if about is None:
            return
        columns = {column.header: column.slug for column in self._list.table(row).columns}
        for fact in reading.facts:
            assertions = [Assertion(fact.key, value) for value in fact.values]
            cell = self._cell(row, columns[reading.column])
            self._guarded(
                row, about, fact.key, fact.line, assertions, cell, row.cells[reading.column] or None
            )

    def _record_of_reading(self, reading: Reading, row: Row) -> Record | None:
        kind, _, slug = (reading.about or "").partition("/")
        record = self._build.catalogue.records.get(kind, {}).get(slug)
        if record is None:
            self._build.find(
                f"{row.id} is read as about {reading.about!r}, which has no record",
                self._list.yaml_path,
                reading.line,
                "readings",
                "row-without-record",
                f"add data/{reading.about}.yaml",
            )
        return record

    def _guarded(
        self,
        row: Row,
        record: Record,
        key: str,
        line: int,
        assertions: list[Assertion],
        cell: Term | None,
        raw: str | None,
    ) -> list[Claim]:
        """Add what a person read in the cell or section with the raw text; a mistake is a finding."""
        try:
            return self._claim(row, record, key, assertions, cell, raw, by_person=True)
        except ValueError as error:
            severity: Severity = "open" if isinstance(error, NoPaperError) else "error"
            place = self._list.yaml_path, line, key
            self._build.find(f"{row.id}: {error}", *place, "cell-not-understood", None, severity)
            return []

    def _claim(
        self,
        row: Row,
        record: Record,
        key: str,
        assertions: list[Assertion],
        cell: Term | None,
        raw: str | None,
        by_person: bool = False,
    ) -> list[Claim]:
        build = self._build
        claims = []
        for assertion in assertions:
            field = build.schema.fields.get(assertion.key)
            if field is None:
                raise ValueError(f"{assertion.key!r} is no property")
            for subject in self._subjects(assertion.key, record):
                for value in build.values.read(field, assertion.text, subject.kind):
                    build.add_structure(assertion.key, value)
                    claim = Claim(
                        build.catalogue.term(subject),
                        iri(field.iri),
                        value.term,
                        entity("row", row.id),
                        "list",
                        cell=cell,
                        edition=(self._list.date or "", self._list.id, -row.position),
                        raw=raw,
                        reading=assertion.text if by_person else None,
                    )
                    if assertion.key in UNFIT:
                        why = unfit(parse_address(assertion.text), assertion.key)
                        if why:
                            claim.rank, claim.reason = "deprecated", f"the address is {why}"
                    claims.append(claim)
                    build.claims.append(claim)
                    name = f"{record.kind}/{record.slug}"
                    build.list_claims.append(ListClaim(claim, name, self._list.id, assertion.key, key))
        return claims

    def _subjects(self, key: str, record: Record) -> Iterable[Record]:
        if key not in _OF_THE_PAPER | _OF_BOTH or record.kind == "paper":
            return [record]
        paper = self._build.paper_of(record)
        if paper is None and key in _OF_BOTH:
            return [record]
        if paper is None:
            raise NoPaperError(
                f"{record.kind}/{record.slug} has no paper for its {key}; "
                f"add described_by to data/{record.kind}/{record.slug}.yaml"
            )
        return [record, paper] if key in _OF_BOTH else [paper]
