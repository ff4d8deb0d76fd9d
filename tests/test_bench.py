"""The benchmarks' own logic, at a small size: they must not measure something else than they say."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice

import pytest

bench_generate = pytest.importorskip("bench.generate", reason="bench/ is not in an installed package")

from bench import mix, report  # noqa: E402
from bench.attacks import ATTACKS, attacks  # noqa: E402
from bench.measure import ClientError, Connection, Reply, canonical, latencies, summary  # noqa: E402
from bench.mix import MIX, Query, Request, requests  # noqa: E402
from bench.run import PREPARED, Cell, compare  # noqa: E402
from bench.servers import Server, free_port  # noqa: E402
from pyoxigraph import RdfFormat, Store  # noqa: E402

from fmgraph import resources  # noqa: E402
from fmgraph.check import compiled_shapes  # noqa: E402
from fmgraph.check.shape_files import load_shapes  # noqa: E402
from fmgraph.errors import FmgraphError  # noqa: E402
from fmgraph.publish.make_dataset import finish_dataset  # noqa: E402
from fmgraph.rdf.store import Dataset, open_dataset  # noqa: E402
from fmgraph.server.engine import InProcessEngine  # noqa: E402

MODELS = 150
FMG = "https://w3id.org/fmgraph/ns#"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("bench")
    assert bench_generate.write(MODELS, folder / "raw.nt") > MODELS * 100
    return open_dataset(finish_dataset(folder / "raw.nt", folder / "dataset", "1.0.0", "2026-01-01"))


def _count(store: Store, pattern: str) -> int:
    (row,) = store.query(f"PREFIX fmg: <{FMG}> SELECT (COUNT(*) AS ?n) {{ {pattern} }}")
    return int(row["n"].value)


def test_the_catalogue_has_the_models_and_is_the_same_every_time(dataset: Dataset, tmp_path) -> None:
    made_up = '?m a fmg:Model FILTER(REGEX(STR(?m), "/model/m-[0-9]+$"))'
    assert _count(dataset.store, made_up) == MODELS
    for name in ("a.nt", "b.nt"):
        bench_generate.write(20, tmp_path / name)
    lines = [sorted((tmp_path / name).read_text("utf-8").splitlines()) for name in ("a.nt", "b.nt")]
    assert lines[0] == lines[1]


def test_the_closure_is_that_of_the_parents(dataset: Dataset) -> None:
    path = {(s["a"], s["b"]) for s in dataset.store.query(f"SELECT ?a ?b {{ ?a <{FMG}builtOn>+ ?b }}")}
    held = {(s["a"], s["b"]) for s in dataset.store.query(f"SELECT ?a ?b {{ ?a <{FMG}derivesFrom> ?b }}")}
    assert path == held
    assert max(_count(dataset.store, f"?m fmg:derivesFrom <{b.value}>") for _, b in path) > MODELS / 10


def test_the_shapes_find_nothing_wrong_with_what_is_made_up(dataset: Dataset) -> None:
    shapes = load_shapes(resources.shapes_dir(), resources.ontology_dir() / "fmgraph.ttl")
    found = [
        v for v in compiled_shapes.violations(dataset.store, shapes) if re.search(r"/(m|set)-\d", v.focus)
    ]
    assert found == []


@pytest.mark.parametrize("query", MIX, ids=lambda query: query.name)
def test_a_query_has_answers_and_its_prepared_form_has_the_same(dataset: Dataset, query: Query) -> None:
    engine = InProcessEngine(dataset)
    some = 0
    pairs = zip(requests(query, MODELS, 1), requests(query, MODELS, 1, prepared=True), strict=False)
    for plain, prepared in islice(pairs, 300 if query.name == "text" else 12):
        answers = [engine.run(request.query).body for request in (plain, prepared)]
        if query.graph:
            some += len(answers[0])
            continue
        rows = [canonical(Reply(200, body, 0.0), graph=False) for body in answers]
        some += len(rows[0])
        if query.name != "text":  # words that begin so, not any letters
            assert rows[0] == rows[1]
        else:
            assert set(rows[0]) <= set(rows[1])
    assert some, "asks for nothing that is there"


def test_no_two_cold_requests_are_alike() -> None:
    for query in MIX:
        for prepared in (False, True):
            found = [r.query for r in islice(requests(query, MODELS, 3, prepared=prepared), 50)]
            assert len(set(found)) == 50
            assert "{model}" not in "".join(found)
            assert found == [r.query for r in islice(requests(query, MODELS, 3, prepared=prepared), 50)]


def test_every_attack_is_refused_or_takes_long_to_answer(dataset: Dataset) -> None:
    engine = InProcessEngine(dataset)
    for name in ("deep nesting", "deep expression", "long chain", "many variables"):
        with pytest.raises(FmgraphError):
            engine.run(mix.PREFIXES + ATTACKS[name])
    seen = {name for name, _ in islice(attacks(1), 300)}
    assert seen == set(ATTACKS)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if "/cut" in self.path:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            self.close_connection = True
            return
        if "/chunked" in self.path:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.wfile.write(b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n")
            return
        body = json.dumps({"results": {"bindings": [{"x": {"type": "uri", "value": self.path[:8]}}]}})
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_client_reads_whole_answers_and_tells_a_cut_one(address: str) -> None:
    request = Request("ASK {}", mix.RESULTS)
    chunked = Connection(f"{address}/chunked")
    assert [chunked.get(request).body for _ in range(3)] == [b"abcdefg"] * 3
    chunked.close()
    for _ in range(2):
        with pytest.raises(ClientError):
            Connection(f"{address}/cut").get(request)


def test_the_client_stays_on_this_machine() -> None:
    with pytest.raises(AssertionError, match="only this machine"):
        Connection("http://192.0.2.1/sparql")


def test_latencies_end_by_number_and_by_time(address: str) -> None:
    connection = Connection(f"{address}/plain")
    endless = iter(lambda: Request("ASK {}", mix.RESULTS), None)
    assert len(latencies(connection, endless, 10.0, most=7)[0]) == 7
    assert len(latencies(connection, endless, 0.0, least=2)[0]) == 2
    connection.close()


def test_answers_are_compared_and_differences_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.servers.alone", lambda *_: nullcontext())  # one process answers for all three
    servers = [Server(name, f"{address}/{name}", None) for name in ("same", "same", "else")]  # type: ignore[arg-type]
    servers[1].name, servers[2].name = "second", "third"
    found = compare(MIX[0], servers, MODELS)
    assert found == {"same": "3 rows", "second": "equal", "third": "3 rows more, 3 fewer"}


def test_equal_answers_in_another_writing_are_equal() -> None:
    def reply(*terms: dict[str, str]) -> Reply:
        return Reply(200, json.dumps({"results": {"bindings": [{"x": term} for term in terms]}}).encode(), 0)

    uri = {"type": "uri", "value": "urn:x"}
    plain = {"type": "literal", "value": "1"}
    typed = {"type": "typed-literal", "value": "1", "datatype": "http://www.w3.org/2001/XMLSchema#string"}
    assert canonical(reply(uri, plain), graph=False) == canonical(reply(typed, uri), graph=False)
    assert canonical(reply(uri), graph=False) != canonical(reply(plain), graph=False)
    triples = Store()
    triples.load(b"<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> <urn:d> .", RdfFormat.N_TRIPLES)
    assert len(canonical(Reply(200, b"<a> <b> <c> .\n<a>  <b> <c> .\n", 0), graph=True)) == 1


def test_percentiles_are_of_nearest_rank() -> None:
    found = summary([n / 1000 for n in range(1, 101)])
    assert (found.p50, found.p99, found.count) == (50.5, 99.0, 100)
    assert summary([0.002]).p99 == 2.0


def _run() -> dict:
    cells = {
        "star": {"fmgraph": {"cold_p50": 1.0, "rate": 300.0, "warm_p50": 0.1},
                 "Oxigraph (disk)": {"cold_p50": 0.9, "rate": 100.0, "warm_p50": 0.2}},
        "descendants": {"fmgraph": {"cold_p50": 50.0}, "Oxigraph (disk)": {"cold_p50": 100.0}},
        f"descendants{PREPARED}": {"fmgraph": {"cold_p50": 50.0}},
    }  # fmt: skip
    return {"models": 10, "servers": {"fmgraph": {}, "Oxigraph (disk)": {}}, "cells": cells}


def test_aims_are_met_or_missed_by_ratios() -> None:
    found = {row[0]: row[2:] for row in report._aims(_run())}
    assert found["warm, requests/s ≥ 2 times"] == [
        "3.00 (star lookup of a model); not comparable: descendants of a popular root",
        "met",
    ]
    assert found["cold lookups, p50 within 1.3 times"] == ["0.90 (star lookup of a model)", "met"]
    assert found["cold heavy queries ≥ 1.5 times faster"][1] == "met"
    # The prepared way is measured against the plain query of the other server.
    assert found["lineage from a popular root ≥ 3 times"] == [
        "2.00 (descendants of a popular root, prepared)",
        "missed",
    ]


def test_no_answer_where_the_other_has_one_is_an_aim_missed() -> None:
    run = _run()
    run["cells"]["star"]["fmgraph"] = {"note": "over 5 s"}
    found = {row[0]: row[2:] for row in report._aims(run)}
    assert found["cold lookups, p50 within 1.3 times"] == ["0.00 (star lookup of a model)", "missed"]


def test_the_page_keeps_its_prose_and_gets_the_tables(tmp_path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Performance\n\nBefore.\n\n{report._START}\nold\n{report._END}\n\nAfter.\n", "utf-8")
    results = tmp_path / "results"
    results.mkdir()
    shipped = {"triples": 5, "build_seconds": 1.0, "start_seconds": 0.5, "memory_mb": 9, "load": 0.1,
               "replace_ms": {"median": 120.0, "worst": 130.0}}  # fmt: skip
    (results / "shipped.json").write_text(json.dumps(shipped), "utf-8")
    for _ in range(2):
        report.write(results, page)
        text = page.read_text("utf-8")
        assert "old" not in text
        assert text.startswith("# Performance\n\nBefore.")
        assert text.endswith("\n\nAfter.\n")
        assert "| from the command to the first answer | 0.5 s | met |" in text
        assert "| all evaluators replaced | 120.0 ms | missed |" in text
    assert 'viewBox="0 0' in report.plot(_run())


def test_a_cell_is_the_median_of_its_rounds() -> None:
    cell = Cell(cold_p50=[5.0, 1.0, 3.0], requests=30)
    assert cell.medians() == {"cold_p50": 3.0, "requests": 30}
