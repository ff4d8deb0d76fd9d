"""Drafts from recorded answers, from a folder or a server on this machine, and from nothing but the row.

``data/metadata`` has answers of the services about made-up works, in their documented formats.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from click.testing import CliRunner, Result
from requests.adapters import HTTPAdapter

from fmgraph.cli import main
from fmgraph.curation import arxiv_atom, doi_metadata, github_files, hub_cards
from fmgraph.curation.gather_metadata import Request, gather, unlike
from fmgraph.curation.metadata_documents import Folder, Online, Recorded
from fmgraph.errors import UsageError
from fmgraph.lists import Origin, import_list, load_list, write_list

METADATA = Path(__file__).parent / "data" / "metadata"
#: What the answers' commits are.
SHA = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    str(path.relative_to(METADATA)): path.read_text("utf-8") for path in METADATA.rglob("*") if path.is_file()
}
RECORDS = {
    "modality/histopathology": "label: Histopathology\n",
    "license/cc-by-nc-4-0": None,
    "model/old-model": "label: OldModel\nscope: medical\nsource: https://e.org/\ncode: https://github.com/Old/Model\n",
}
HEADER = "| Name | Year | Title | Paper | Code | Weights |\n|---|---|---|---|---|---|\n"
ROWS = [
    "OctoPath | 2025 | OctoPath: A pathology foundation model with eight arms | https://arxiv.org/abs/2501.00001"
    " | https://github.com/OctoLab/octopath | https://huggingface.co/OctoLab/octopath",
    "NightEye | 2025 | A model that reads the retina at night | https://arxiv.org/abs/2502.00002"
    " | https://github.com/NightLab/night | https://huggingface.co/NightLab/night-eye",
    "CellScribe | | | https://www.biorxiv.org/content/10.1101/2025.04.04.000001v1"
    " | https://github.com/CellLab/CellScribe |",
    "Wrong | 2025 | A model of something that is no bridge | https://arxiv.org/abs/2503.00003 | |",
    "OctoPath | 2026 | | https://doi.org/10.1234/octo.2025.7 | |",
    "OldModel | | | | |",
    "Lonely | 2024 | A model that nobody has heard of | https://arxiv.org/abs/2404.00004 | |",
]
DATA_ROWS = """
## Datasets

| Dataset | Link |
|---|---|
| Arms-100k | https://huggingface.co/datasets/OctoLab/arms-100k |
"""


class _Handler(BaseHTTPRequestHandler):
    """The services under one address each: ``/arxiv/api/query``, ``/crossref/works/…`` and so on."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(unquote(self.path))
        service, _, rest = unquote(parts.path).lstrip("/").partition("/")
        if service in self.server.refusing:
            self._answer(403, '{"message": "API rate limit exceeded"}')
        elif self.server.answers.get(service):
            status, text, headers = self.server.answers[service].pop(0)
            time.sleep(headers.pop("sleep", 0))
            self._answer(status, text, headers)
        elif service == "arxiv":
            ids = parse_qs(parts.query)["id_list"][0].split(",")
            files = "".join(FILES.get(f"arxiv/{one}.xml", "") for one in ids)
            text = "".join(re.findall(r"<entry>.*?</entry>", files, re.DOTALL))
            self._answer(200, f'<feed xmlns="http://www.w3.org/2005/Atom">{text}</feed>')
        else:
            text = FILES.get(self._file(service, rest), "")
            self._answer(200 if text else 404, text)

    def _file(self, service: str, rest: str) -> str:
        rest = re.sub(r"^(works|dois|api|repos)/", "", rest)
        if service == "github":
            rest = rest.replace("/commits/HEAD", "/commit")
        if service == "github-files":
            return "github/" + rest.replace("/HEAD/", "/")
        return f"{service}/{rest}.json"

    def _answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Services(ThreadingHTTPServer):
    """``asked`` are the paths that were asked for, ``refusing`` the services that answer 403.

    ``answers`` are what a service answers first: status, text, headers, and how long it sleeps before.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.refusing: set[str] = set()
        self.answers: dict[str, list[tuple[int, str, dict]]] = {}
        names = ("arxiv", "crossref", "datacite", "huggingface", "github", "github-files")
        self.bases = {name: f"http://127.0.0.1:{self.server_port}/{name}" for name in names}


@pytest.fixture(scope="module")
def server() -> Iterator[Services]:
    with Services() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def asked(server: Services) -> Services:
    server.asked.clear()
    server.refusing.clear()
    server.answers.clear()
    return server


@pytest.fixture
def folder() -> Path:
    return METADATA


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name, text in RECORDS.items():
        if text:
            path = folder / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    text = "## Models\n\n" + HEADER + "".join(f"| {row} |\n" for row in ROWS) + DATA_ROWS
    write_list(import_list(text, "wild-2026"), folder, Origin("https://github.com/a/b", "README.md"))
    path = folder / "list" / "wild-2026.yaml"
    columns = path.read_text("utf-8")
    if "  Dataset:" not in columns:
        path.write_text(columns.replace("columns:\n", "columns:\n  Dataset: name\n", 1), "utf-8")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def record(data: Path, name: str) -> dict:
    return yaml.safe_load((data / f"{name}.yaml").read_text(encoding="utf-8"))


def facts(data: Path, name: str, key: str) -> list[tuple[str, str]]:
    return [(one["value"], one["source"]) for one in record(data, name)[key]]


def test_arxiv_gives_title_authors_in_order_year_and_doi() -> None:
    found = arxiv_atom.arxiv_facts(FILES["arxiv/2501.00001.xml"], "2501.00001")
    assert [(one.key, one.value) for one in found] == [
        ("title", "OctoPath: A pathology foundation model with eight arms"),
        ("arxiv", "2501.00001"),
        ("author", "Ada Núñez"),
        ("author", "Bo Li"),
        ("year", "2025"),
        ("doi", "10.1234/octo.2025.7"),
    ]
    assert {one.source for one in found} == {"arxiv:2501.00001v2"}
    error = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>http://arxiv.org/api/errors#x</id></entry></feed>"
    assert arxiv_atom.arxiv_facts(error, "2501.00001") == []


def test_crossref_knows_the_version_of_record_of_a_preprint(folder: Path) -> None:
    found = gather(Folder(folder), Request(doi=("10.1101/2025.04.04.000001",)))
    assert found.first("doi").value == "10.1234/cell.9"
    assert found.first("year").value == "2026"
    assert found.venue_type == "conference"
    assert [one.value for one in found.authors()] == ["Eve Ok", "The Cell Group"]


def test_datacite_where_crossref_knows_nothing(folder: Path) -> None:
    found = gather(Folder(folder), Request(doi=("10.5072/Slides",)))
    assert [one.value for one in found.authors()] == ["Fay Roe", "Gus Poe"]
    assert found.first("license").value == "cc-by-4.0"
    assert found.first("title").source == "https://api.datacite.org/dois/10.5072/slides"


def test_cards_of_models_and_data_sets() -> None:
    found = {one.key: one for one in hub_cards.model_facts(FILES["huggingface/models/OctoLab/octopath.json"])}
    assert found["access"].value == "gated"
    assert found["fine_tuned_from"].value == "SomeLab/ground-vit-l"
    assert found["trained_on"].value == "OctoLab/arms-100k"
    assert found["weights_license"].source == f"https://huggingface.co/OctoLab/octopath/blob/{SHA}/README.md"
    other = {
        one.key: one.value
        for one in hub_cards.model_facts(FILES["huggingface/models/NightLab/night-eye.json"])
    }
    assert (other["weights_license"], other["access"]) == ("night-licence", "open")
    assert other["built_on"] == "SomeLab/ground-vit-l"  # no relation is given: no more is said
    empty = FILES["huggingface/models/NightLab/empty.json"]
    assert "access" not in {one.key for one in hub_cards.model_facts(empty)}  # no file of weights
    assert hub_cards.cards_without_license(empty) == [
        f"https://huggingface.co/NightLab/empty/blob/{SHA}/README.md"
    ]


def test_a_citation_file_speaks_of_the_paper_only_where_it_prefers_one() -> None:
    text = FILES["github/CellLab/CellScribe/CITATION.cff"]
    found = github_files.citation_facts(text, "CellLab/CellScribe", "0123456")
    assert [one.value for one in found if one.key == "author"] == ["Eve Ok", "Hal van Dam"]
    software = text.partition("preferred-citation")[0]
    assert [one.key for one in github_files.citation_facts(software, "a/b", "0123456")] == ["code_license"]


def test_bibtex_of_the_paper_that_the_row_names() -> None:
    text = FILES["github/NightLab/night/README.md"]
    found = github_files.readme_facts(
        text, "NightLab/night", "0123456", "A model that reads the retina at night"
    )
    assert [(one.key, one.value) for one in found] == [
        ("code", "https://github.com/NightLab/night"),
        ("title", "A Model that Reads the Retina at Night"),
        ("author", "Cy Young"),
        ("author", "Ada Ibn Rushd"),
        ("year", "2025"),
        ("published_in", "Proceedings of Nights"),
    ]
    assert len(github_files.readme_facts(text, "NightLab/night", "0123456", "Another paper altogether")) == 1
    assert list(github_files.bibtex_entries("@article{broken, title={never closed")) == [{}]


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"message": 3}', "<feed>"])
def test_what_is_no_answer_is_said(text: str) -> None:
    readers = (
        lambda: arxiv_atom.arxiv_facts(text, "1"),
        lambda: doi_metadata.crossref_facts(text),
        lambda: doi_metadata.datacite_facts(text),
        lambda: hub_cards.model_facts(text),
        lambda: github_files.commit_of(text),
        lambda: github_files.license_facts(text, "a/b", "0"),
    )
    for reader in readers:
        if text == "<feed>" or reader is not readers[0]:
            with pytest.raises(ValueError, match="no "):
                reader()


def test_a_title_with_a_name_before_it_is_the_same_title() -> None:
    assert not unlike("Name: a study of many long things", "A study of many long things")
    assert unlike("Bridges made of concrete", "A model of something that is no bridge")
    assert not unlike("", "A study")


def test_drafts_from_a_folder(data: Path, folder: Path) -> None:
    result = run("draft", "wild-2026", "--data", data, "--metadata", folder)
    assert result.exit_code == 0, result.output
    assert record(data, "model/octopath")["reviewed"] == "false"
    assert record(data, "model/octopath")["described_by"] == "octopath"
    hub, card = (
        "https://huggingface.co/OctoLab/octopath",
        f"https://huggingface.co/OctoLab/octopath/blob/{SHA}/README.md",
    )
    assert facts(data, "model/octopath", "weights") == [(hub, hub)]
    assert facts(data, "model/octopath", "weights_license") == [("CC-BY-NC-4.0", card)]
    assert facts(data, "model/octopath", "code_license") == [
        ("MIT", "github:OctoLab/octopath@0123456:LICENSE")
    ]
    assert facts(data, "model/octopath", "modality") == [("histopathology", card)]
    assert facts(data, "model/octopath", "year")[0][0] == "2026"  # of the version of record
    # what cards name and no record has is a draft too
    assert facts(data, "model/octopath", "fine_tuned_from") == [("ground-vit-l", card)]
    assert record(data, "model/ground-vit-l")["scope"] == "general"
    assert facts(data, "model/nighteye", "built_on")[0][0] == "ground-vit-l"
    assert record(data, "license/night-licence")["reviewed"] == "false"
    assert facts(data, "model/octopath", "trained_on")[0][0] == "arms-100k"
    paper = record(data, "paper/octopath")
    assert [one["value"] for one in paper["author"]] == ["Ada Núñez", "Bo Li"]
    assert paper["title"][0]["value"] == "OctoPath: a pathology foundation model with eight arms"
    assert paper["published_in"][0]["value"] == "journal-of-arms-slides"
    assert record(data, "venue/journal-of-arms-slides") == {
        "label": "Journal of Arms & Slides", "type": "journal", "reviewed": "false",
    }  # fmt: skip
    # no licence file: that was looked for
    assert record(data, "model/nighteye")["searched"][0]["for"] == "code_license"
    rows = {row.id: row.record for row in load_list(data / "list" / "wild-2026.yaml").rows}
    assert rows == {
        "wild-2026-01": "model/octopath",
        "wild-2026-02": "model/nighteye",
        "wild-2026-03": "model/cellscribe",
        "wild-2026-04": "model/wrong",
        "wild-2026-05": "model/octopath",  # the same work again
        "wild-2026-06": None,  # its name is that of a record, no more
        "wild-2026-07": "model/lonely",
        "wild-2026-08": "dataset/arms-100k",
    }
    assert "arxiv:2503.00003v1 has another title: Bridges made of concrete" in result.output
    assert "may be model/old-model (same name)" in result.output
    # nothing is known of it but what the row says
    assert record(data, "paper/lonely") == {
        "label": "A model that nobody has heard of", "type": "article", "reviewed": "false",
    }  # fmt: skip
    again = run("draft", "wild-2026", "--data", data, "--metadata", folder)
    assert "1 rows without a record; 0 drafted" in again.output


def test_the_same_drafts_from_the_services(data: Path, folder: Path, asked: Services, tmp_path: Path) -> None:
    options = [part for name, url in asked.bases.items() for part in ("--service", f"{name}={url}")]
    kept = tmp_path / "kept"
    kept.mkdir()
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    assert run("draft", "wild-2026", "--data", copy, "--metadata", folder).exit_code == 0
    assert run("draft", "wild-2026", "--data", data, "--online", "--metadata", kept, *options).exit_code == 0
    drafts = {path.relative_to(data): path.read_text() for path in data.rglob("*.*")}
    assert drafts == {path.relative_to(copy): path.read_text() for path in copy.rglob("*.*")}
    assert len([path for path in asked.asked if path.startswith("/arxiv/")]) == 1  # all ids in one request
    assert (kept / "crossref/10.1234/octo.2025.7.json").is_file()
    assert (kept / "github/NightLab/night/license.json").read_text() == ""  # there is none
    asked.asked.clear()
    recorded = Recorded(Folder(kept), Online(asked.bases))
    gather(recorded, Request(arxiv=("2501.00001",), github=("OctoLab/octopath",)))
    assert asked.asked == []


def test_a_service_that_refuses_is_not_asked_again(asked: Services) -> None:
    asked.refusing.add("github")
    documents = Online(asked.bases)
    for name in ("OctoLab/octopath", "NightLab/night"):
        assert gather(documents, Request(github=(name,))).work == []
    assert len([path for path in asked.asked if path.startswith("/github/")]) == 1
    assert len(documents.problems()) == 1
    assert "status 403; without --github-token" in documents.problems()[0]


DOI = "crossref/10.1234/octo.2025.7.json"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(429, "", {"Retry-After": "3600"})], "too many requests; it asks to come back in 3600 seconds"),
        ([(429, "", {})], "too many requests"),
        ([(429, "", {"Retry-After": "0"}), (429, "", {"Retry-After": "9"})], "too many requests; it asks to"),
        (
            [(503, "", {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"})],
            "status 503; it asks to come back in",
        ),
        ([(500, "<html>oops</html>", {})], "status 500"),
        ([(200, "{}", {"sleep": 1})], "no answer within 0.2 seconds"),
    ],
)
def test_a_service_that_fails_is_said_in_plain_words(asked: Services, answers: list, said: str) -> None:
    asked.answers["crossref"] = list(answers)
    documents = Online(asked.bases, timeout=0.2)
    assert documents.read(DOI) is None
    assert len(documents.problems()) == 1
    assert f"/crossref is not asked any more: {said}" in documents.problems()[0]
    assert len(asked.asked) == len(answers)


def test_a_short_pause_is_kept(asked: Services) -> None:
    asked.answers["crossref"] = [(429, "", {"Retry-After": "1"})]
    documents = Online(asked.bases)
    started = time.monotonic()
    assert documents.read(DOI)
    assert time.monotonic() - started >= 1
    assert documents.problems() == []


def test_a_service_that_is_not_there_is_said(asked: Services) -> None:
    documents = Online({"datacite": "http://127.0.0.1:1"})
    documents._session.mount("http://", HTTPAdapter(max_retries=0))
    assert documents.read("datacite/10.1234/x.json") is None
    assert "http://127.0.0.1:1 is not asked any more: it cannot be reached" in documents.problems()


@pytest.mark.parametrize("text", ["<html>captcha</html>", "[1, 2", '{"message": 7}'])
def test_a_broken_answer_leaves_the_row_to_its_cells(asked: Services, text: str) -> None:
    asked.answers["crossref"] = [(200, text, {})]
    found = gather(Online(asked.bases), Request(doi=("10.1234/octo.2025.7",)))
    assert found.paper == []
    assert any("10.1234/octo.2025.7" in note for note in found.notes)


def test_names_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "folder").mkdir()
    assert Folder(tmp_path / "folder").read("crossref/../../secret.json") is None


def test_a_dry_run_writes_nothing(data: Path, folder: Path) -> None:
    before = {path: path.read_bytes() for path in data.rglob("*.*")}
    result = run("draft", "wild-2026", "--data", data, "--metadata", folder, "--dry-run")
    assert "7 drafted" in result.output or "6 drafted" in result.output
    assert before == {path: path.read_bytes() for path in data.rglob("*.*")}


def test_a_person_says_that_a_work_is_new(data: Path) -> None:
    run("draft", "wild-2026", "--data", data, "--new", "wild-2026-06")
    rows = {row.id: row.record for row in load_list(data / "list" / "wild-2026.yaml").rows}
    assert rows["wild-2026-06"] == "model/oldmodel"
    assert rows["wild-2026-01"] is None  # only what was asked for


def test_misuse_is_said(data: Path, tmp_path: Path) -> None:
    assert run("draft", "wild-2026", "--data", data, "--service", "arxiv").exit_code == 2
    assert "there is no service 'nobody'" in run(
        "draft", "wild-2026", "--data", data, "--online", "--service", "nobody=http://127.0.0.1:9"
    ).output  # fmt: skip
    assert "has no row 'x'" in run("draft", "wild-2026", "--data", data, "--new", "x").output
    with pytest.raises(UsageError, match="no folder"):
        Folder(tmp_path / "nowhere")
