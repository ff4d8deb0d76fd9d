"""Releases that are kept: written, told apart, served, and read by programs that are not ours."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import feedparser
import pytest
from click.testing import CliRunner
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse
from rdflib import DCTERMS, OWL, PROV, Dataset, Graph, Namespace, URIRef
from rdflib.compare import isomorphic

from conftest import Running
from fmgraph import resources
from fmgraph.cli import main
from fmgraph.errors import BrokenDataError, UsageError
from fmgraph.publish.describe import describe
from fmgraph.publish.release_folders import read_releases_of
from fmgraph.publish.released_records import current_release, read_releases
from fmgraph.publish.write_release import write_release
from fmgraph.rdf import prefixes
from fmgraph.rdf.prefixes import BASE, FMG, RDFS
from fmgraph.rdf.store import open_dataset, write_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
RETFOUND = NamedNode(f"{BASE}model/retfound")
DCAT = Namespace(prefixes.DCAT)  # rdflib knows DCAT 2 only
OLD, NEW = "1.0.0", "1.1.0"
CHANGES = f"changes-from-{OLD}"


def make(folder: Path, version: str, change: Callable[[Store], None] = lambda store: None) -> Path:
    """The sample graph, changed, as a dataset of a version; returns its folder."""
    store = Store()
    store.bulk_load(path=SAMPLE)
    change(store)
    store.extend(Quad(*triple) for triple in describe(store, version, "2026-01-02"))
    return write_dataset(store, folder, version, modified="2026-01-02")


def edit(store: Store) -> None:
    """Change one label (with a letter beyond ASCII) and add one."""
    label = NamedNode(f"{RDFS}label")
    for quad in list(store.quads_for_pattern(RETFOUND, label, None)):
        store.remove(quad)
    store.add(Quad(RETFOUND, label, Literal("RÉTFound")))
    store.add(Quad(RETFOUND, NamedNode("http://www.w3.org/2004/02/skos/core#altLabel"), Literal("𝒳 \n")))


@dataclass(frozen=True)
class Kept:
    """A folder with two releases, and the datasets that they are of."""

    folder: Path
    old: Path
    new: Path

    def graph(self, version: str) -> bytes:
        return gzip.decompress((self.folder / version / "fmgraph.nt.gz").read_bytes())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    base = tmp_path_factory.mktemp("releases")
    made = Kept(base / "releases", make(base / "old", OLD), make(base / "new", NEW, edit))
    for dataset in (made.old, made.new):
        done = CliRunner().invoke(main, ["release", "--dataset", str(dataset), "--output", str(made.folder)])
        assert done.exit_code == 0, done.output
    return made


def test_a_release_has_the_graph_its_description_and_whole_checksums(kept: Kept) -> None:
    for version, dataset in ((OLD, kept.old), (NEW, kept.new)):
        folder = kept.folder / version
        sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
        assert {path.name for path in folder.iterdir()} == {*sums, "SHA256SUMS"}
        for name, digest in sums.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        meta = json.loads((folder / "meta.json").read_text())
        assert hashlib.sha256(kept.graph(version)).hexdigest() == meta["digest"]
        assert meta["digest"] == open_dataset(dataset).meta.digest
        graph = Graph().parse(folder / "description.ttl")
        size = next(graph.objects(URIRef(f"{BASE}release/{version}#fmgraph.ttl.gz"), DCAT.byteSize))
        assert int(size) == (folder / "fmgraph.ttl.gz").stat().st_size


def test_the_change_file_makes_the_new_release_of_the_old(kept: Kept, tmp_path: Path) -> None:
    old, patch = kept.folder / OLD / "fmgraph.nt.gz", kept.folder / NEW / f"{CHANGES}.rdfp.gz"
    made = tmp_path / "made.nt"
    done = CliRunner().invoke(main, ["patch", str(old), str(patch), "--output", str(made)])
    assert done.exit_code == 0, done.output
    assert made.read_bytes() == kept.graph(NEW)
    assert open_dataset(kept.new).meta.digest in done.output


def test_rdflib_applies_the_change_file_too(kept: Kept) -> None:
    """rdflib reads RDF Patch by itself (and warns of its own use of what it has deprecated)."""
    patch = gzip.decompress((kept.folder / NEW / f"{CHANGES}.rdfp.gz").read_bytes()).decode()
    assert re.search(r"^D .*\"RETFound\"", patch, re.MULTILINE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = Dataset()
        dataset.default_graph.parse(data=kept.graph(OLD), format="nt")
        dataset.parse(data=patch, format="patch")
        made = Graph()
        for triple in dataset.default_graph:
            made.add(triple)
    assert isomorphic(made, Graph().parse(data=kept.graph(NEW), format="nt"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text.replace('"RÉTFound"', '"Retfound"'), "not .* as it says"),
        (lambda text: text.replace("\nTC .", ""), "not whole"),
        (lambda text: text.replace("TX .", "PA x <https://example.org/> ."), "no line of such a patch"),
        (lambda text: re.sub('H from "....', 'H from "0000', text), "not for the graph"),
    ],
)
def test_a_change_file_that_does_not_fit_is_refused(
    kept: Kept, tmp_path: Path, spoil: Callable[[str], str], message: str
) -> None:
    whole = gzip.decompress((kept.folder / NEW / f"{CHANGES}.rdfp.gz").read_bytes()).decode()
    changes = tmp_path / "changes.rdfp"
    changes.write_text(spoil(whole), "utf-8")
    assert changes.read_text("utf-8") != whole
    made = tmp_path / "made.nt"
    done = CliRunner().invoke(main, ["patch", str(kept.old), str(changes), "--output", str(made)])
    assert done.exit_code == 1
    assert re.search(message, done.output)
    assert list(tmp_path.iterdir()) == [changes]


def test_the_changes_are_told_in_words(kept: Kept) -> None:
    assert "RÉTFound" in (kept.folder / NEW / f"{CHANGES}.md").read_text("utf-8")
    assert [one.changes for one in read_releases_of(kept.folder)] == [
        (f"{CHANGES}.rdfp.gz", f"{CHANGES}.md"),
        None,
    ]


def test_a_release_is_written_once_and_only_of_a_version(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there already"):
        write_release(open_dataset(kept.new), kept.folder)
    with pytest.raises(UsageError, match="a dataset with a version"):
        write_release(open_dataset(make(tmp_path / "data", "next")), kept.folder)
    assert {path.name for path in kept.folder.iterdir()} == {OLD, NEW}


def test_a_release_in_which_an_address_leads_nowhere_is_refused(kept: Kept, tmp_path: Path) -> None:
    def remove(store: Store) -> None:
        for quad in list(store.quads_for_pattern(RETFOUND, None, None)):
            store.remove(quad)

    gone = open_dataset(make(tmp_path / "data", "1.2.0", remove))
    with pytest.raises(BrokenDataError, match="model/retfound"):
        write_release(gone, kept.folder)
    assert {path.name for path in kept.folder.iterdir()} == {OLD, NEW}


def test_a_damaged_release_is_told_before_it_is_served(tmp_path: Path) -> None:
    (tmp_path / "1.0.0").mkdir()
    for folder, code in ((tmp_path, 1), (tmp_path / "none", 2)):
        done = CliRunner().invoke(main, ["serve", "--releases", str(folder)])
        assert done.exit_code == code
        assert str(folder) in done.output


@pytest.fixture(scope="module")
def service(kept: Kept, start_fmgraph: Callable[..., Running]) -> Iterator[str]:
    running = start_fmgraph("--dataset", str(kept.new), "--releases", str(kept.folder))
    yield f"http://127.0.0.1:{running.port}"
    assert running.stop() == 0


def fetch(address: str, accept: str = "*/*") -> bytes:
    with urlopen(Request(address, headers={"Accept": accept}), timeout=30) as answer:
        return answer.read()


def test_the_feed_is_read_by_a_feed_reader(service: str) -> None:
    headers = {"content-type": "application/atom+xml", "content-location": f"{service}/releases.atom"}
    feed = feedparser.parse(fetch(f"{service}/releases.atom"), response_headers=headers)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    assert feed.feed.id == f"{BASE}release/"
    assert feed.feed.updated_parsed
    assert feed.feed.author_detail.name
    known = {entry.title: entry for entry in feed.entries}
    assert list(known)[:2] == [f"fmgraph {NEW}", f"fmgraph {OLD}"]
    newest = known[f"fmgraph {NEW}"]
    assert newest.id == f"{BASE}release/{NEW}"
    assert newest.updated_parsed[:3] == (2026, 1, 2)
    assert fetch(newest.link, "text/html").count(b"<h1>") == 1
    files = {one.href: int(one.length) for one in newest.links if one.rel == "enclosure"}
    assert len(files) == 3
    for address, length in files.items():
        assert len(fetch(address)) == length


def test_every_release_is_described_in_rdf_and_its_files_are_there(service: str) -> None:
    listed = Graph().parse(data=fetch(f"{service}/release/", "text/turtle"))
    whole = URIRef(f"{BASE}void#dataset")
    named = {f"{BASE}release/{one}" for one in (OLD, NEW)}
    assert named <= set(map(str, listed.objects(whole, DCAT.hasVersion)))
    assert named <= set(
        map(str, Graph().parse(data=fetch(f"{service}/void")).objects(whole, DCAT.hasVersion))
    )
    for version in (OLD, NEW):
        node = URIRef(f"{BASE}release/{version}")
        graph = Graph().parse(data=fetch(f"{service}/release/{version}", "text/turtle"))  # by a redirect
        assert isomorphic(graph, Graph().parse(data=fetch(f"{service}/release/{version}.nt"), format="nt"))
        assert str(graph.value(node, OWL.versionInfo)) == version
        assert graph.value(node, DCTERMS.license)
        parts = list(graph.objects(node, DCAT.distribution))
        assert len(parts) == 7
        for part in parts:
            address = str(graph.value(part, DCAT.downloadURL)).replace(BASE, f"{service}/")
            assert len(fetch(address)) == int(graph.value(part, DCAT.byteSize))
    before = URIRef(f"{BASE}release/{OLD}")
    assert graph.value(node, DCAT.previousVersion) == graph.value(node, PROV.wasRevisionOf) == before


def test_pages_of_releases_link_what_is_there(service: str) -> None:
    for path in ("/release/", f"/release/{OLD}/", f"/release/{NEW}/"):
        page = fetch(service + path, "text/html").decode().partition("<main")[2].partition("</main>")[0]
        links = re.findall(r'href="(/[^"#]*)', page)
        assert len(links) > 5
        for link in links:
            fetch(service + link, "text/html, */*;q=0.1")


def test_what_is_no_release_is_not_found(kept: Kept) -> None:
    client = create_app(open_dataset(kept.new), Settings(releases=str(kept.folder))).test_client()
    for path in ("9.9.9", "9.9.9/", f"{NEW}/x", f"{NEW}/..%2f{OLD}%2fmeta.json", f"{NEW}.xyz", "x.ttl"):
        assert client.get(f"/release/{path}").status_code == 404, path
    with client.get(f"/release/{NEW}/meta.json") as answer:
        assert answer.json["previous"] == OLD


def test_releases_that_are_not_kept_have_a_page_and_rdf(client) -> None:
    """Their IRIs are in the graph (dcat:previousVersion) and answer wherever it is served."""
    version = read_releases()[0].version
    page = client.get(f"/release/{version}/", headers={"Accept": "text/html"})
    assert "not kept here" in page.text
    triples = {quad.triple for quad in parse(client.get(f"/release/{version}.ttl").data, RdfFormat.TURTLE)}
    assert any(triple.subject.value == f"{BASE}release/{version}" for triple in triples)
    assert client.get(f"/release/{version}/SHA256SUMS").status_code == 404


def test_the_ontology_of_every_release_is_served(client) -> None:
    """Of each version that was released as it was then; of the version in use as it is."""
    current, _ = current_release(resources.data_dir())
    folder = resources.ontology_dir() / "versions"
    versions = {one.version for one in read_releases()}
    assert versions == {path.stem for path in folder.glob("*.ttl")}, "see docs/releases.md, step 3"
    node = NamedNode(FMG.rstrip("#"))
    for version in versions | {current}:
        said = {
            quad.object.value
            for quad in parse(client.get(f"/ns/{version}.ttl").data, RdfFormat.TURTLE)
            if quad.subject == node and quad.predicate.value == str(OWL.versionInfo)
        }
        assert said == {version}
        assert client.get(f"/ns/{version}", headers={"Accept": "text/turtle"}).mimetype == "text/turtle"
        assert version in client.get(f"/ns/{version}", headers={"Accept": "text/html"}).text
    assert client.get("/ns/9.9.9").status_code == 404
