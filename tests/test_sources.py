"""Source references."""

from __future__ import annotations

import pytest

from fmgraph.graph.sources import source_iri, source_label


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("github:a/b@c0ffee1:dir/READ ME.md", "https://github.com/a/b/blob/c0ffee1/dir/READ%20ME.md"),
        ("github:a/b", "https://github.com/a/b"),
        ("arxiv:2309.07778v2", "https://arxiv.org/abs/2309.07778v2"),
        ("doi:10.1016/S2589-7500(24)00025-6", "https://doi.org/10.1016/s2589-7500(24)00025-6"),
        ("arXiv:2401.00001", "https://arxiv.org/abs/2401.00001"),
        ("DOI:10.1002/%28SICI%29x", "https://doi.org/10.1002/(sici)x"),
        ("hf:acme/heart", "https://huggingface.co/acme/heart"),
        ("paper/uni", "https://w3id.org/fmgraph/paper/uni"),
        ("https://example.org/x", "https://example.org/x"),
    ],
)
def test_references(text, iri):
    assert source_iri(text) == iri
    assert source_label(iri)


@pytest.mark.parametrize(
    "text",
    [
        "memory",
        "seed0",
        "github:",
        "arxiv:12",
        "ftp://x.org/",
        "http://nodot/",
        "javascript:alert(1)",
        "hf:a/{b}",
    ],
)
def test_what_is_no_source_is_refused_with_the_forms(text):
    with pytest.raises(ValueError, match="github:owner/repo"):
        source_iri(text)
