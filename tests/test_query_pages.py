"""Named queries and results as pages: the question, a sentence, a table; names, order, pages, pictures."""

from __future__ import annotations

import html
import re
import shlex

import pytest

from fmgraph.answers.answer_sentences import read_sentences, tell
from fmgraph.answers.named_queries import get_query, load_queries
from fmgraph.rdf.prefixes import BASE
from fmgraph.server.guard.plain_syntax import plain_error
from fmgraph.settings import Settings
from fmgraph.site import create_app

HTML = {"Accept": "text/html"}
FMG = f"PREFIX fmg: <{BASE}ns#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "


@pytest.fixture(scope="module")
def real(shipped):
    return create_app(shipped, Settings()).test_client()


def page(client, path: str, status: int = 200, **query: str) -> str:
    answer = client.get(path, headers=HTML, query_string=query or None)
    assert answer.status_code == status
    return html.unescape(answer.text)


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def answer(text: str) -> str:
    return words(re.search(r'<p class="lead answer">(.*?)</p>', text, re.DOTALL)[1])


def body(text: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", text.partition("<tbody>")[2], re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def test_a_query_answers_in_a_sentence_as_the_table_does(real):
    text = page(real, "/queries/leaks", dataset="TCGA")
    works = {row[0] for row in body(text)}
    assert answer(text).startswith(f"{len(works)} works may have seen The Cancer Genome Atlas (TCGA).")
    assert "said not to have been trained on it: CONCH" in answer(text)


def test_leaks_takes_a_model(real):
    text = page(real, "/queries/leaks", dataset="TCGA", model="PLIP")
    assert answer(text) == (
        "Nothing known says that PLIP has seen The Cancer Genome Atlas (TCGA). "
        "Of PLIP the training data known is OpenPath."
    )
    assert body(page(real, "/queries/leaks", model="plip"))[0][0] == "PLIP"


@pytest.mark.parametrize(
    ("path", "name", "wrong", "right"),
    [
        ("/queries/leaks", "dataset", "The Cancer Genome Atlas", "The Cancer Genome Atlas (TCGA)"),
        ("/queries/by-institution", "institution", "Stanford", "Stanford University"),
        ("/queries/built-on", "root", "RETFuond", "RETFound"),
    ],
)
def test_a_wrong_value_leads_back_with_the_right_one(real, path, name, wrong, right):
    text = page(real, path, 404, **{name: wrong})
    found = re.findall(r'<a href="([^"]*)">([^<]*)</a>', text.partition("Did you mean")[2])
    links = {label: href for href, label in found}
    assert links[right].startswith(path)
    assert page(real, links[right])
    assert "aria-invalid" in text
    assert real.get(path, query_string={name: wrong}).json["nearest"]


def test_a_wrong_parameter_is_said_on_the_page(real):
    assert "no parameter 'nonsense'" in page(real, "/queries/built-on", 400, nonsense="1")
    assert "must be true or false" in page(real, "/queries/built-on", 400, root="uni", variants="perhaps")


def test_variants_can_be_left_out(shipped):
    of = {"root": "uni"}
    every, without = (
        {
            str(row["work"])
            for row in shipped.rows(get_query("built-on").bind({**of, "variants": wanted}, shipped))
        }
        for wanted in ("true", "false")
    )
    assert without < every
    ask = (
        f"ASK {{ VALUES ?w {{ {' '.join(every - without)} }} FILTER NOT EXISTS {{ ?w fmg:variantOf ?any }} }}"
    )
    assert shipped.run(FMG + ask).body.find(b"false") > 0


def test_a_ranking_can_be_asked_of_one_list(shipped):
    query = get_query("ranking-whole-slide-images")
    rows = shipped.rows(query.bind({"list": "plm2233-2025-12"}, shipped))
    assert rows
    assert all("/row/plm2233-2025-12-" in row["source"].value for row in rows)
    assert len(rows) < len(shipped.rows(query.text))


def test_an_open_parameter_matches_everything(shipped):
    query = get_query("links-to-check")
    assert query.bind({}) == query.text == query.bind({"list": ""})
    assert "UNDEF" not in query.bind({"list": "plm2233-2025-12"})


@pytest.mark.parametrize("name", load_queries())
def test_each_query_has_a_page(real, name):
    text = page(real, f"/queries/{name}")
    assert f"<h1>{load_queries()[name].title}</h1>" in text
    assert "Traceback" not in text
    assert not set("{}") & set(answer(text)), "a place that was not filled"
    assert answer(text) != "Nothing known answers this."


def test_the_first_of_a_ranking_are_named():
    rows = [{"name": name} for name in "CABACD"]
    assert tell(read_sentences(["Most has {name^}."]), rows, {}, [], str) == ["Most has C, A and B."]


def test_sentences():
    said = read_sentences(["{n:work|works} of {x}.", {"of": "y", "say": "Only {y}.", "none": "None of {y}."}])
    rows = [{"n": 1}, {"n": 2}]
    assert tell(said, rows, {"x": "X"}, ["y"], str) == ["2 works of X."]
    assert tell(said, rows, {"y": "Y"}, ["y"], str) == ["Only Y."]
    assert tell(said, [], {"x": "X", "y": "Y"}, ["y"], str) == ["None of Y."]


def test_labels_are_merged_and_columns_sort(real):
    three = " ".join(f"(<{BASE}model/{name}> {n})" for name, n in (("uni", 10), ("clip", 9), ("bert", 100)))
    query = (
        f"{FMG} SELECT ?work ?workLabel ?n {{ VALUES (?work ?n) {{ {three} }} ?work rdfs:label ?workLabel }}"
    )
    text = page(real, "/sparql", query=query)
    assert text.count('<th scope="col"') == 2
    assert '<a href="/model/uni">UNI</a>' in text
    up = page(real, "/sparql", query=query, sort="n")
    assert [row[1] for row in body(up)] == ["9", "10", "100"]
    assert 'aria-sort="ascending"' in up
    turned = re.search(r'aria-sort="ascending"[^>]*><a href="([^"]*)"', up)[1]
    assert [row[1] for row in body(page(real, turned))] == ["100", "10", "9"]
    assert body(page(real, "/sparql", query=query, sort="-work"))[0][0] == "UNI"
    assert text.count("<rect ") == 3


def test_two_numbers_are_dots(real):
    text = page(real, "/sparql", query="SELECT ?a ?b { VALUES (?a ?b) { (1 5) (2 3) (4 1) } }")
    assert text.count("<circle ") == 3


def test_a_constructed_graph_is_drawn(real):
    pattern = f"?w fmg:builtOn ?p . ?w fmg:derivesFrom <{BASE}model/uni>"
    query = f"{FMG} CONSTRUCT {{ ?w fmg:builtOn ?p }} WHERE {{ {pattern} }}"
    text = page(real, "/sparql", query=query)
    assert '<svg class="lineage"' in text
    assert "/why?s=" in text.partition('<svg class="lineage"')[2]


def test_what_can_be_copied_is_what_was_asked(real):
    query = """SELECT ?it { BIND("it's" AS ?it) }"""
    text = page(real, "/sparql", query=query)
    blocks = dict(
        re.findall(r'<h3 id="use-\d-title">(\w+)</h3>\s*<pre[^>]*><code>(.*?)</code>', text, re.DOTALL)
    )
    assert list(blocks) == ["Link", "curl", "Python", "R"]
    assert shlex.split(blocks["curl"])[2:] == ["--data-urlencode", f"query={query}"]
    assert "read_csv(" in blocks["Python"]
    compile(blocks["Python"], "copied", "exec")
    assert query in blocks["R"]


@pytest.mark.parametrize(
    ("query", "words", "column"),
    [
        ("SELECT * WHERE { ?s a ?t", "this { is never closed", 16),
        ("SELECT * WHERE { ?s a ?t . }}", "this } closes nothing", 29),
        ("SELECT * { ?s ?p . }", "an object is missing before this .", 18),
        ("SELEC * { ?s ?p ?o }", "SELECT?", 1),
        ("SELECT * { ?s ?p ?o } ORDER ?s", "BY is missing after ORDER", 23),
    ],
)
def test_a_syntax_error_is_said_in_plain_words_at_its_token(real, query, words, column):
    problem = real.get("/sparql", query_string={"query": query}).json
    assert words in problem["detail"]
    assert (problem["line"], problem["column"]) == (1, column)


@pytest.mark.parametrize("name", load_queries())
def test_nothing_is_found_wrong_with_what_is_right(name):
    assert plain_error(load_queries()[name].text) is None
