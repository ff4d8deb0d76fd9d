"""What identifies a work, in a row of a list and in the records: names, titles, addresses.

Both sides are brought to one form, :class:`Identity`, so that they can be compared.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from fmgraph.errors import RecordError
from fmgraph.lists.source_list import Row, SourceList
from fmgraph.ontology import Schema, work_kinds
from fmgraph.records.addresses import Address, parse_address
from fmgraph.records.record_files import Record, iter_records
from fmgraph.text import match_key

#: Kinds of identifiers; those that identify a paper first, then those of code and weights.
ARXIV, DOI, GITHUB, PAGE = "arXiv", "DOI", "GitHub", "page"
HUGGING_FACE, HUGGING_FACE_DATA = "Hugging Face", "Hugging Face data set"
OF_PAPERS = (ARXIV, DOI)
#: One of these alone may identify a work; a page of another host only together with something else.
UNIQUE = (ARXIV, DOI, GITHUB, HUGGING_FACE, HUGGING_FACE_DATA)
#: DOIs of preprint servers: another DOI beside one of them is the version of record, not another paper.
_PREPRINT = re.compile(r"10\.(1101|48550|21203|36227|20944|2139|31219|31234)/")

_SCHEMES = {
    "arxiv": ARXIV,
    "doi": DOI,
    "github": GITHUB,
    "huggingface": HUGGING_FACE,
    "huggingface-dataset": HUGGING_FACE_DATA,
    "huggingface-space": PAGE,
}
#: Other pages of an arXiv preprint.
_PREPRINT_PAGE = re.compile(
    r"(?:huggingface\.co/papers|ar5iv\.(?:labs\.arxiv\.)?org/(?:abs|html))/(\d{4}\.\d{4,5})(?:v\d+)?"
)
#: What a heading or the first header says of the kind of a table's rows.
_OF_DATA = re.compile(r"\b(?:data ?(?:sets?|bases?)|corp(?:us|ora)|cohorts?)\b", re.IGNORECASE)
_OF_BENCHMARKS = re.compile(r"\bbenchmarks?\b", re.IGNORECASE)
_OF_REVIEWS = re.compile(r"\b(?:reviews?|surve(?:y|ry)s?|perspectives?)\b", re.IGNORECASE)
#: A text before a colon that is longer than this is no name but the beginning of a title.
_NAME_LENGTH, _NAME_WORDS = 40, 5
_URL = re.compile(r"https?://[^\s<>\"'`|\]]+")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>", re.IGNORECASE)
_LINK = re.compile(r"\[+([^\[\]]*)\]+\([^()]*(?:\([^()]*\)[^()]*)*\)")
_TAG = re.compile(r"<[^<>]+>")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`|~~|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_NAME_AND_TITLE = re.compile(r"(?P<name>[^:：]{1,60})[:：]\s+(?P<title>\S.{9,})", re.DOTALL)
_BOLD_NAME = re.compile(r"\s*(?:\*\*|<b>|<strong>)(?P<name>[^*<:]+):?(?:\*\*|</b>|</strong>)\s*:?\s*\S")
_AT_THE_END = re.compile(r"\s*\(([^()]{1,60})\)\s*$")


@dataclass(frozen=True)
class Identity:
    """What a row or a record is known by; names and titles are match keys (fmgraph.text.match_key)."""

    names: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    identifiers: Mapping[str, frozenset[str]] = field(default_factory=dict)  #: kind → identifiers
    years: frozenset[str] = frozenset()
    has_name: bool = False  #: of a row: whether it gives a name as such, not only perhaps within its title
    name: str = ""  #: of a row: the name as written, "" where it gives none
    title: str = ""  #: of a row: the title as written, "" where it gives none
    kinds: tuple[str, ...] = ()  #: of a row: what its record can be, the likeliest first; empty: anything

    @property
    def display_name(self) -> str:
        """Title or name, for people."""
        return self.title or self.name


def identifiers_of(urls: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the identifiers in the addresses by kind, in one spelling each."""
    by_kind: dict[str, set[str]] = {}
    for url in urls:
        for kind, value in _identifiers(url):
            by_kind.setdefault(kind, set()).add(value)
    return {kind: frozenset(values) for kind, values in by_kind.items()}


def _identifiers(url: str) -> Iterator[tuple[str, str]]:
    try:
        address = parse_address(url)
    except ValueError:
        return  # `fmgraph check` reports what is no address
    if preprint := _PREPRINT_PAGE.fullmatch(address.key):
        yield ARXIV, preprint[1]
    elif address.host == "openreview.net" and (note := parse_qs(urlsplit(url).query).get("id")):
        yield PAGE, f"openreview.net/{note[0]}"
    elif address.identifiers:
        for scheme, value in address.identifiers:
            yield _SCHEMES[scheme], value + (_place(address) if scheme == "github" else "")
    elif address.path.strip("/") and not address.host.endswith(
        ("shields.io", "github.com", "huggingface.co")
    ):
        yield PAGE, re.sub(r"\.(pdf|html)$", "", address.key.split("?")[0]).casefold()


def _place(address: Address) -> str:
    """Return the branch or folder that the address names: it is another thing than its repository."""
    rest = address.path.strip("/").split("/")[2:]
    if rest[:1] in (["tree"], ["blob"]):
        rest = rest[2:] if rest[1:2] and rest[1] in ("main", "master", "HEAD") else rest[1:]
    if rest and rest[-1].casefold().startswith("readme"):
        rest = rest[:-1]
    return "".join(f"/{part}" for part in rest).casefold()


def addresses(text: str) -> list[str]:
    """Return the addresses in Markdown or HTML, without those of images; brackets in them are kept whole."""
    urls = []
    for match in _URL.finditer(html.unescape(_IMAGE.sub("", text))):
        url = match[0]
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1]
        if url.count(")") > url.count("("):  # [a](u)[b](v) without white space
            url = url.split(")")[0]
        urls.append(url.rstrip(".,;:*"))
    return list(dict.fromkeys(urls))


def plain(cell: str) -> str:
    """Return what a reader sees of Markdown: no emphasis, images or tags, links as their labels."""
    text = _TAG.sub(" ", _LINK.sub(r"\1", _IMAGE.sub(" ", cell)))
    return " ".join(html.unescape(_EMPHASIS.sub("", text)).split())


def of_row(source: SourceList, row: Row) -> Identity:
    """Return what the row's cells identify its subject by."""
    names: list[str] = []  # the likeliest first
    inside: list[str] = []  # names that a title may give
    titles: list[str] = []
    years: list[str] = []
    urls: list[str] = []
    has_name = False
    for column in source.table(row).columns:
        cell, spec = row.cells[column.header], column.spec
        if not cell or spec.prose:
            continue
        urls += addresses(cell)
        means = {*spec.fields, *([spec.label] if spec.label else [])}
        if "name" in means and (text := plain(cell)):
            names += _names_in(text)
            has_name = True
        if "title" in means and (text := plain(cell)):
            title_by_name, certain = names_in_title(cell)
            titles += [text, *title_by_name.values()]
            inside += list(title_by_name)
            has_name = has_name or certain
        if "year" in means:
            years += re.findall(r"\b(?:19|20)\d\d\b", cell)
    for fact in source.sections.get(source.table(row).section, ()):
        years += fact.values if fact.key == "year" else ()
    short = [name for name in inside if len(name) <= _NAME_LENGTH and len(name.split()) <= _NAME_WORDS]
    return Identity(
        names=_keys([*names, *inside]),
        titles=_keys(titles),
        identifiers=identifiers_of(urls),
        years=frozenset(years),
        has_name=has_name,
        name=min(names, key=len) if names else next(iter(short), ""),
        title=next(iter(titles), ""),
        kinds=kinds_of(source, row),
    )


def kinds_of(source: SourceList, row: Row) -> tuple[str, ...]:
    """Return the kinds that the row's table, its section or its cell on the contribution leave open.

    Empty where nothing is said: such rows are about models mostly.
    """
    table = source.table(row)
    texts = [value for fact in source.sections.get(table.section, ()) for value in fact.values]
    columns = [column.header for column in table.columns if "contribution" in column.spec.fields]
    texts += [plain(row.cells[header]).casefold() for header in columns]
    for kind in ("adaptation", "application", "benchmark"):
        if kind in texts:
            return (kind,)
    headings = f"{table.section} {table.headers[0]}"
    if _OF_DATA.search(headings):
        return ("dataset", "benchmark", "paper")
    if "review" in texts or _OF_REVIEWS.search(table.section):
        return ("paper",)
    return ("benchmark",) if _OF_BENCHMARKS.search(table.section) else ()


def names_in_title(cell: str) -> tuple[dict[str, str], bool]:
    """Return names that a title's cell may give → the title without it, and whether one is marked as a name.

    >>> names_in_title("**Triad**: Vision Foundation Model for 3D MRI")
    ({'Triad': 'Vision Foundation Model for 3D MRI'}, True)
    """
    text = plain(cell)
    title_by_name: dict[str, str] = {}
    if match := _NAME_AND_TITLE.fullmatch(text):
        title_by_name |= dict.fromkeys(_names_in(match["name"].strip()), match["title"])
    if match := _AT_THE_END.search(text):
        title_by_name |= {name: text[: match.start()] for name in _names_in(match[1])}
    bold = _BOLD_NAME.match(cell)
    return title_by_name, bool(bold) and plain(bold["name"] if bold else "") in title_by_name


def _names_in(text: str) -> list[str]:
    """Return the names in a cell that holds names: ``UNI (v1)``, ``Quilt-1M/Quilt-Net``."""
    without = re.sub(r"\s*\([^()]*\)", "", text)
    parts = [part.strip() for part in re.split(r"\s*/\s*|,\s+", without)]
    return [
        name for name in dict.fromkeys([text, without, *parts]) if name in (text, without) or len(name) > 2
    ]


def _keys(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(key for text in texts if (key := match_key(text)))


@dataclass(frozen=True)
class Known:
    """A record that a row can be about, with its papers' identifiers among its own."""

    name: str  #: ``kind/slug``
    label: str
    identity: Identity


def read_records(data_dir: Path, schema: Schema) -> list[Record]:
    """Return every record under the folder; raises RecordError for a broken file."""
    records = []
    for record in iter_records(data_dir, {*schema.fields, "iri"}):
        if isinstance(record, RecordError):
            raise record
        records.append(record)
    return records


def known_records(data_dir: Path, schema: Schema) -> list[Known]:
    """Return every work, data set and paper under the folder; raises RecordError for a broken file."""
    records: dict[str, dict[str, Record]] = {}
    for record in read_records(data_dir, schema):
        records.setdefault(record.kind, {})[record.slug] = record
    papers = records.get("paper", {})
    known = []
    for kind in (*work_kinds(), "dataset", "paper"):
        for record in records.get(kind, {}).values():
            own = [papers[slug] for slug in record.values("described_by") if slug in papers]
            known.append(Known(f"{kind}/{record.slug}", record.label, _of_record(record, own)))
    return known


def with_rows(known: Sequence[Known], lists: Iterable[SourceList]) -> list[Known]:
    """Return the records with what rows that are about them call their papers: titles, arXiv ids, DOIs."""
    row_identities: dict[str, list[Identity]] = {}
    for source in lists:
        for row in source.rows:
            if row.record:
                row_identities.setdefault(row.record, []).append(of_row(source, row))
    return [replace(one, identity=_joined(one.identity, row_identities.get(one.name, []))) for one in known]


def _joined(identity: Identity, rows: Iterable[Identity]) -> Identity:
    identifiers = dict(identity.identifiers)
    titles = identity.titles
    for row in rows:
        titles |= row.titles
        for scheme in OF_PAPERS:
            if values := row.identifiers.get(scheme):
                identifiers[scheme] = identifiers.get(scheme, frozenset()) | values
    return replace(identity, titles=titles, identifiers=identifiers)


def _of_record(record: Record, papers: list[Record]) -> Identity:
    described = [record, *papers] if record.kind == "paper" else papers
    titles = [title for paper in described for title in (*paper.names, *paper.values("title"))]
    names = [] if record.kind == "paper" else [*record.names, record.slug]
    names += [name for one in (record, *papers) for name in one.values("name")]
    keys = ("code", "weights", "homepage", "url")
    urls = [url for one in (record, *papers) for key in keys for url in one.values(key)]
    for paper in described:
        urls += [f"https://arxiv.org/abs/{value}" for value in paper.values("arxiv")]
        urls += [f"https://doi.org/{value}" for value in paper.values("doi")]
    years = {year for one in (record, *papers) for year in one.values("year")}
    return Identity(_keys(names), _keys(titles), identifiers_of(urls), frozenset(years), has_name=True)


def conflicting(one: Identity, other: Identity, scheme: str) -> bool:
    """Tell whether both have identifiers of the kind and none in common.

    A preprint's DOI beside a journal's is no conflict.
    """
    here, there = (
        {value for value in side.identifiers.get(scheme, ()) if scheme != DOI or not _PREPRINT.match(value)}
        for side in (one, other)
    )
    return bool(here and there) and not here & there
