"""The IRIs that the graph gives named queries lead to their text."""

from __future__ import annotations


def test_a_named_query_s_iri_leads_to_its_text(client):
    answer = client.get("/query/built-on")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "https://fm.example.org/queries/built-on.rq",
    )
    text = client.get("/queries/built-on.rq")
    assert text.content_type.startswith("application/sparql-query")
    assert client.get("/query/buit-on").status_code == 404
