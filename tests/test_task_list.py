"""Twelve things that people come for: each is at most three clicks from the home page, without scripts."""

from __future__ import annotations

import html
import re

import pytest

from fmgraph.settings import Settings
from fmgraph.site import create_app

HTML = {"Accept": "text/html"}
MOST_CLICKS = 3


class Visitor:
    """Reads pages and follows what is on them, counting clicks; typing into a box is none."""

    def __init__(self, client) -> None:
        self.client, self.clicks = client, -1
        self.go("/")

    def go(self, address: str) -> None:
        answer = self.client.get(html.unescape(address), headers=HTML, follow_redirects=True)
        assert answer.status_code == 200, address
        self.text, self.clicks = answer.text, self.clicks + 1

    def follow(self, words: str) -> None:
        """Click the first link with these words."""
        links = re.findall(r'<a\b[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', self.text, re.DOTALL)
        named = (href for href, inner in links if words in plain(inner))
        href = next(named, None)
        assert href is not None, words
        self.go(href.partition("#")[0])

    def submit(self, form: str, **values: str) -> None:
        """Fill in the form that goes to an address, and send it."""
        fields = re.search(rf'<form[^>]*action="{re.escape(form)}"[^>]*>(.*?)</form>', self.text, re.DOTALL)
        assert fields, form
        assert all(f'name="{name}"' in fields[1] for name in values)
        answer = self.client.get(form, query_string=values, headers=HTML, follow_redirects=True)
        assert answer.status_code == 200
        self.text, self.clicks = answer.text, self.clicks + 1

    def reads(self, words: str) -> None:
        assert words in plain(self.text)


def plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


#: The task, the steps (a link's words, or a form with what is typed), and what is read at the end.
TASKS = [
    ("CT models whose weights I may use commercially", ["CT"], "Commercial use: yes"),
    ("does TCGA leak into PLIP",
     ["Has it seen my test set", ("/queries/leaks", {"dataset": "TCGA", "model": "PLIP"})],
     "Nothing known says that PLIP has seen The Cancer Genome Atlas"),
    ("which models have seen MIMIC-CXR", [("/queries/leaks", {"dataset": "MIMIC-CXR"})],
     "works may have seen MIMIC-CXR"),
    ("compare two models", [("/compare", {"m": "UNI"})], "Another work"),
    ("my list's wrong rows as Markdown", ["Lists", "PLM2233, Medical Foundation Models", "corrections and"],
     "As Markdown"),
    ("may I use UNI commercially", [("/search", {"q": "UNI"}), "UNI"], "Commercial use of the weights no"),
    ("what is CLIP the ancestor of", ["CLIP (OpenAI)"], "Lineage of CLIP"),
    ("the lineage of the field", ["Where does it come from"], "Lineage"),
    ("who says that RetiZero starts from RETFound", [("/search", {"q": "RetiZero"}), "RetiZero"], "source"),
    ("the paper of a DOI", [("/search", {"q": "10.1038/s41591-024-02857-3"})], "UNI"),
    ("the whole data as files", ["Downloads"], "fmgraph.ttl"),
    ("ask in SPARQL", ["SPARQL"], "Start from"),
]  # fmt: skip


@pytest.fixture(scope="module")
def real(shipped):
    return create_app(shipped, Settings()).test_client()


@pytest.mark.parametrize(("task", "steps", "answer"), TASKS, ids=[task for task, _, _ in TASKS])
def test_the_answer_is_at_most_three_clicks_away(real, task, steps, answer):
    visitor = Visitor(real)
    for step in steps:
        if isinstance(step, str):
            visitor.follow(step)
        else:
            visitor.submit(step[0], **step[1])
    assert visitor.clicks <= MOST_CLICKS, task
    visitor.reads(answer)
