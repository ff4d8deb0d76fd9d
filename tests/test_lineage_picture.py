"""Pictures of lineage: where the works stand, which edges are drawn, and the formats of an address."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmgraph.answers.field_layout import lay_out_field, read_field, read_layout, write_layout
from fmgraph.answers.lineage_layout import BOX, descendants, lay_out, without_implied
from fmgraph.publish.make_dataset import finish_dataset
from fmgraph.rdf.store import locate_dataset, open_dataset
from fmgraph.server.engine import InProcessEngine
from fmgraph.settings import Settings
from fmgraph.site import create_app

WORKS = [f"w{n}" for n in range(14)]
PAIRS = st.sets(st.tuples(st.sampled_from(WORKS), st.sampled_from(WORKS)), max_size=40)
SVG = "{http://www.w3.org/2000/svg}"


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_no_box_covers_another_and_every_edge_is_drawn(pairs):
    """Also with cycles, loops and works that stand alone."""
    picture = lay_out({work: f"Work {work} of a name" for work in WORKS}, pairs)
    assert {box.iri for box in picture.boxes} == set(WORKS)
    assert sorted((c.parent, c.child) for c in picture.curves) == sorted((a, b) for a, b in pairs if a != b)
    for n, one in enumerate(picture.boxes):
        assert 0 <= one.x <= one.x + one.width <= picture.width
        assert 0 <= one.y <= one.y + BOX <= picture.height
        for other in picture.boxes[n + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or abs(one.y - other.y) >= BOX, (one, other)


def test_an_edge_begins_and_ends_at_its_boxes():
    picture = lay_out({"a": "A", "b": "B", "c": "C"}, [("a", "b"), ("b", "c"), ("a", "c")])
    box = {one.iri: one for one in picture.boxes}
    assert box["a"].x < box["b"].x < box["c"].x, "ancestors left"
    for curve in picture.curves:
        start, end = curve.runs[0], curve.runs[-1]
        parent, child = box[curve.parent], box[curve.child]
        assert (start[0], start[2]) == (parent.x + parent.width, parent.y + BOX / 2)
        assert (end[0], end[2]) == (child.x, child.y + BOX / 2)
        assert curve.path.startswith(f"M{start[0]:g} {start[2]:g}")


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_what_is_not_drawn_is_implied_by_what_is(pairs):
    def reached(edges):
        found = {work: set() for work in WORKS}
        for _ in WORKS:
            for parent, child in edges:
                found[parent] |= {child} | found[child]
        return found

    kept = without_implied(pairs)
    assert set(kept) <= pairs
    assert reached(kept) == reached(pairs)


def test_weight_counts_each_work_once():
    assert descendants([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]) == {"a": 3, "b": 1, "c": 1}


def test_the_same_edges_give_the_same_picture_in_every_process():
    program = (
        "from fmgraph.answers.lineage_layout import lay_out\n"
        "pairs = [(str(n // 3), str(n)) for n in range(1, 40)] + [('1', '30'), ('2', '39')]\n"
        "print(lay_out({str(n): 'W' * (n % 7 + 1) for n in range(41)}, pairs))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


ADDRESSES = ["/lineage/model/retfound", "/lineage/?relation=weights"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("svg", "image/svg+xml"),
        ("mmd", "text/vnd.mermaid"),
        ("dot", "text/vnd.graphviz"),
        ("graphml", "application/graphml+xml"),
        ("json", "application/json"),
    ],
)
def test_the_formats_of_an_address(client, address, form, media_type):
    answer = client.get(address + ("&" if "?" in address else "?") + f"format={form}")
    assert answer.status_code == 200
    assert answer.mimetype == media_type
    assert "RETFound" in answer.text
    if "/model/" in address:
        assert client.get(f"{address}.{form}").data == answer.data
    if form in ("svg", "graphml"):
        ElementTree.fromstring(answer.data)


def test_a_picture_as_a_file_needs_no_style_sheet_and_leads_to_the_works(client):
    root = ElementTree.fromstring(client.get("/lineage/model/retizero.svg").data)
    assert [g.get("stroke") for g in root.iter(f"{SVG}g")]
    assert "/model/retfound" in [a.get("href") for a in root.iter(f"{SVG}a")]


def test_every_line_leads_to_its_evidence(client):
    """In the picture on a work's own page, on its lineage page and in the atlas."""
    for address in ("/model/retizero", "/lineage/model/retizero", "/lineage/"):
        page = client.get(address, headers={"Accept": "text/html"}).text
        lines = re.findall(r'<a href="([^"]*)" tabindex="-1"><title>', page)
        assert lines
        for href in lines:
            path, _, fragment = href.partition("#")
            target = client.get(path or address, headers={"Accept": "text/html"}).text
            entry = re.search(rf'<li id="{re.escape(fragment)}">(.*?)</details>', target, re.DOTALL)
            assert entry, href
            assert "/claim/" in entry[1]


def test_the_list_reads_from_the_other_work(client):
    page = client.get("/lineage/model/retfound", headers={"Accept": "text/html"}).text
    below = page.partition('id="down"')[2]
    text = " ".join(re.sub(r"<[^>]+>", " ", below).split())
    assert re.search(r"RetiZero : initialised from this", text)


def test_the_atlas_is_narrowed_by_links(client):
    def works(query):
        return {node["label"] for node in client.get(f"/lineage/?format=json{query}").json["nodes"]}

    everything, weights = works(""), works("&relation=weights")
    assert weights < everything
    assert works("&relation=weights&relation=version") >= weights
    page = client.get("/lineage/", headers={"Accept": "text/html"}).text
    modality = re.search(r'href="/lineage/\?modality=([a-z0-9-]+)"', page)
    assert modality, "modalities are links"
    assert works(f"&modality={modality[1]}") <= everything
    answer = client.get("/lineage/?modality=nonsense")
    assert answer.status_code == 404
    assert "nonsense" in answer.text


def test_the_layout_of_the_field_comes_with_the_dataset(shipped_dir):
    folder = locate_dataset(shipped_dir)
    dataset = open_dataset(folder)
    picture = read_layout(folder, dataset.meta.digest)
    with InProcessEngine(dataset) as engine:
        assert picture == lay_out_field(read_field(engine.rows))
    assert read_layout(folder, "of another graph") is None


def test_the_atlas_is_drawn_as_it_is_laid_out(tmp_path, dataset):
    """Not anew at a request: what the file says is what is seen."""
    folder = finish_dataset([f"{quad.triple} ." for quad in dataset.store], tmp_path, "1", "2026-01-02")
    made = open_dataset(folder)
    before = create_app(made, Settings()).test_client().get("/lineage/?format=svg").text
    picture = read_layout(folder, made.meta.digest)
    moved = [replace(box, y=box.y + 1000) for box in picture.boxes]
    write_layout(folder, made.meta.digest, replace(picture, boxes=moved))
    after = create_app(made, Settings()).test_client().get("/lineage/?format=svg").text
    assert f'y="{moved[0].y}"' in after
    assert f'y="{moved[0].y}"' not in before
