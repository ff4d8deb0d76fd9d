"""Source references, and the identifiers that addresses determine."""

from __future__ import annotations

import pytest

from fmgraph.graph.sources import arxiv_id, doi, source_iri, source_label


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("github:a/b@c0ffee1:dir/READ ME.md", "https://github.com/a/b/blob/c0ffee1/dir/READ%20ME.md"),
        ("github:a/b", "https://github.com/a/b"),
        ("arxiv:2309.07778v2", "https://arxiv.org/abs/2309.07778v2"),
        ("doi:10.1016/S2589-7500(24)00025-6", "https://doi.org/10.1016/S2589-7500(24)00025-6"),
        ("paper/uni", "https://w3id.org/fmgraph/paper/uni"),
        ("https://example.org/x", "https://example.org/x"),
    ],
)
def test_references(text, iri):
    assert source_iri(text) == iri
    assert source_label(iri)


@pytest.mark.parametrize(
    "text", ["memory", "seed0", "github:", "arxiv:12", "ftp://x.org/", "http://nodot/", "javascript:alert(1)"]
)
def test_what_is_no_source_is_refused_with_the_forms(text):
    with pytest.raises(ValueError, match="github:owner/repo"):
        source_iri(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.nature.com/articles/s41586-024-07894-z", "10.1038/s41586-024-07894-z"),
        ("https://www.nature.com/articles/s41551-024-01246-y#Abs1", "10.1038/s41551-024-01246-y"),
        ("https://ai.nejm.org/doi/full/10.1056/AIoa2400640", "10.1056/aioa2400640"),
        ("https://www.biorxiv.org/content/10.1101/2023.10.03.560734v1.full.pdf", "10.1101/2023.10.03.560734"),
        (
            "https://www.biorxiv.org/content/biorxiv/early/2025/10/15/2025.10.14.682419.full.pdf",
            "10.1101/2025.10.14.682419",
        ),
        ("https://arxiv.org/abs/2309.07778", None),
        ("https://www.mdpi.com/2306-5354/10/3/380", None),
    ],
)
def test_dois_in_addresses(url, expected):
    found = doi(url)
    assert (found.lower() if found else None) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/pdf/2304.12620.pdf", "2304.12620"),
        ("https://arxiv.org/pdf/2304.12637v2.pdf", "2304.12637"),
        ("https://arxiv.org/abs/2309.07778", "2309.07778"),
        ("https://example.org/2309.07778", None),
    ],
)
def test_arxiv_ids_in_addresses(url, expected):
    assert arxiv_id(url) == expected
