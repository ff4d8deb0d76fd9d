"""The records of works, papers and data sets: well formed, sourced, joined up, and deep enough."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

DATA = Path(__file__).parents[1] / "data"
WORKS = ("model", "adaptation", "application", "benchmark")
OWNED = (*WORKS, "paper", "dataset")
LINEAGE = {
    "built_on",
    "initialised_from",
    "fine_tuned_from",
    "adapts",
    "uses_encoder",
    "uses_text_encoder",
    "uses_language_model",
    "distilled_from",
    "variant_of",
    "successor_of",
    "uses_synthetic_data_from",
}
EDITORIAL = {"label", "aka", "definition", "scope", "type", "described_by"}
ANY = {"label", "aka", "definition", "homepage", "wikidata", "source", "at", "corrections"}
KEYS = {
    "work": ANY
    | LINEAGE
    | {"scope", "described_by", "name", "year", "modality", "dimensionality", "input_resolution", "backbone"}
    | {"pretraining_method", "data_scale", "parameter_count", "trained_on", "not_trained_on", "evaluated_on"}
    | {"developed_by", "code", "weights", "demo", "container", "code_license", "weights_license", "access"}
    | {"weights_available", "hardware", "training_time", "contribution"},
    "paper": ANY
    | {"title", "doi", "arxiv", "published_in", "year", "author", "url", "type"}
    # a perspective or review is itself what a list row is about
    | {"modality", "name", "contribution", "weights_available", "pretraining_method"},
    "dataset": ANY | {"data_scale", "modality", "access", "license", "part_of", "described_by", "year"},
}
#: Property → kind of record that a value names.
REFERS = {
    **dict.fromkeys(LINEAGE, "model"),
    **dict.fromkeys(("trained_on", "not_trained_on", "evaluated_on", "part_of"), "dataset"),
    "modality": "modality",
    "backbone": "backbone",
    "pretraining_method": "method",
    "developed_by": "institution",
    "published_in": "venue",
    "described_by": "paper",
}
SOURCE = re.compile(
    r"github:[\w.-]+/[\w.-]+@[0-9a-f]{7,40}:\S.*|arxiv:\d{4}\.\d{4,5}(v\d+)?|doi:10\.\d{4,}/\S+|paper/[a-z0-9-]+|https?://\S+"
)
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

Record = dict[str, Any]


@cache
def records() -> dict[str, Record]:
    """Return every record of the owned kinds by ``kind/slug``, all scalars as text."""
    return {
        f"{kind}/{path.stem}": yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        for kind in OWNED
        for path in sorted((DATA / kind).glob("*.yaml"))
    }


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield record, key and each value with its source (the record's own where it has none)."""
    for name, record in records().items():
        for key, value in record.items():
            if key in EDITORIAL | {"source", "at", "corrections"}:
                continue
            for item in as_list(value):
                whole = item if isinstance(item, dict) else {"value": item}
                yield name, key, {**{k: record[k] for k in ("source", "at") if k in record}, **whole}


def edges() -> Iterator[tuple[str, str, str]]:
    for name, key, statement in statements():
        if key in LINEAGE:
            value = statement["value"]
            yield name, key, value if "/" in value else f"model/{value}"


def ancestors(start: str) -> set[str]:
    parents: dict[str, set[str]] = {}
    for child, _, parent in edges():
        parents.setdefault(child, set()).add(parent)
    seen: set[str] = set()
    todo = [start]
    while todo:
        for parent in parents.get(todo.pop(), set()) - seen:
            seen.add(parent)
            todo.append(parent)
    return seen


@pytest.mark.parametrize("kind", OWNED)
def test_records_have_known_keys_and_slugs(kind: str) -> None:
    allowed = KEYS["work" if kind in WORKS else kind]
    for name, record in records().items():
        if name.startswith(f"{kind}/"):
            assert record.get("label"), name
            assert set(record) <= allowed, (name, set(record) - allowed)
            assert SLUG.fullmatch(name.partition("/")[2]), name


def test_no_key_stands_twice() -> None:
    for kind in OWNED:
        for path in (DATA / kind).glob("*.yaml"):
            top = [
                line.partition(":")[0] for line in path.read_text().splitlines() if re.match(r"\w+:", line)
            ]
            assert not [key for key, times in Counter(top).items() if times > 1], path


def test_every_work_is_described_by_a_paper_that_exists() -> None:
    described = {name for name, record in records().items() if "described_by" in record}
    assert len(described) >= 107
    for name in described:
        for slug in as_list(records()[name]["described_by"]):
            assert f"paper/{slug}" in records(), name


def test_scope_is_medical_or_general() -> None:
    for name, record in records().items():
        if name.partition("/")[0] in WORKS:
            assert record.get("scope") in ("medical", "general"), name


def test_every_statement_has_a_source_of_a_known_form() -> None:
    for name, key, statement in statements():
        assert SOURCE.fullmatch(statement.get("source", "")), (name, key, statement)
        known = {"value", "source", "at", "basis", "rank", "reason", "alternative", "variant"}
        assert set(statement) <= known, (name, key)
        assert statement.get("basis") in (None, "secondary"), (name, key)


def test_references_resolve() -> None:
    for name, key, statement in statements():
        kind = REFERS.get(key)
        if kind is None:
            continue
        value = statement["value"]
        target = value if "/" in value else f"{kind}/{value}"
        assert (DATA / f"{target}.yaml").is_file(), (name, key, value)


def test_licences_are_spdx_or_records() -> None:
    known = {path.stem for path in (DATA / "license").glob("*.yaml")}
    for name, key, statement in statements():
        if key in ("code_license", "weights_license", "license"):
            value = statement["value"]
            assert value in known or value.lower().replace(".", "-") in known, (name, value)


def test_lineage_is_long_and_mostly_primary() -> None:
    found = list(edges())
    assert len(set(found)) >= 130
    secondary = [s for _, key, s in statements() if key in LINEAGE and s.get("basis") == "secondary"]
    assert len(secondary) < len(found) / 5


def test_lineage_has_no_loops() -> None:
    for name in {child for child, _, _ in edges()}:
        assert name not in ancestors(name), name


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        (
            "xraygpt",
            ["medclip", "swin-t-imagenet-1k", "bio-clinicalbert", "biobert", "bert", "vicuna-7b", "llama"],
        ),
        ("threads", ["conch-v1-5", "conch"]),
        ("gpfm", ["uni", "conch", "phikon"]),
        ("radfm", ["pmc-llama", "llama"]),
        ("retizero", ["retfound", "mae-vit-l"]),
        ("medsam2", ["sam-2", "sam"]),
        ("llava-med", ["llava", "vicuna", "clip"]),
        ("med-flamingo", ["openflamingo-9b", "llama", "clip"]),
        ("medblip", ["eva-clip-vit-g-14", "clip", "biomedlm"]),
    ],
)
def test_chains_run_through(child: str, expected: list[str]) -> None:
    assert {f"model/{slug}" for slug in expected} <= ancestors(f"model/{child}")


def test_teachers_of_gpfm() -> None:
    teachers = {target for name, key, target in edges() if name == "model/gpfm" and key == "distilled_from"}
    assert teachers == {"model/uni", "model/conch", "model/phikon"}


def test_datasets_say_what_is_not_used() -> None:
    negatives = {(name, s["value"]) for name, key, s in statements() if key == "not_trained_on"}
    assert {("model/uni", "tcga"), ("model/conch", "paip"), ("model/titan", "panda")} <= negatives
    positives = {(name, s["value"]) for name, key, s in statements() if key == "trained_on"}
    assert not negatives & positives


def test_a_dataset_is_no_part_of_itself() -> None:
    parts: dict[str, set[str]] = {}
    for name, key, statement in statements():
        if key == "part_of":
            parts.setdefault(name, set()).add(f"dataset/{statement['value']}")
    for start in parts:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for whole in parts.get(todo.pop(), set()) - seen:
                seen.add(whole)
                todo.append(whole)
        assert start not in seen, start


def test_single_values_are_single() -> None:
    single = {"year", "title", "doi", "arxiv", "access", "parameter_count"}
    values: dict[tuple[str, str], set[str]] = {}
    for name, key, statement in statements():
        if key in single and statement.get("rank") != "deprecated":
            values.setdefault((name, key), set()).add(statement["value"])
    assert not {at: found for at, found in values.items() if len(found) > 1}


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("year", r"(19|20)\d\d"),
        ("doi", r"10\.\d{4,}/\S+"),
        ("arxiv", r"\d{4}\.\d{4,5}"),
        ("access", "open|gated|on-request|not-released"),
        ("code", r"https?://\S+"),
        ("weights", r"https?://\S+"),
    ],
)
def test_values_have_their_form(key: str, pattern: str) -> None:
    found = [(name, s["value"]) for name, k, s in statements() if k == key]
    assert found
    for name, value in found:
        assert re.fullmatch(pattern, value), (name, value)


def test_identifiers_name_one_paper() -> None:
    for key in ("doi", "arxiv"):
        owners: dict[str, set[str]] = {}
        for name, k, statement in statements():
            if k == key:
                owners.setdefault(statement["value"], set()).add(name)
        assert not {value: names for value, names in owners.items() if len(names) > 1}


def test_corrections_say_what_is_wrong_and_who_shows_it() -> None:
    lists = {path.stem for path in (DATA / "list").glob("*.yaml")}
    found = [(name, c) for name, record in records().items() for c in record.get("corrections", [])]
    assert len(found) >= 40
    for name, correction in found:
        assert {"field", "said", "reason", "source"} <= set(correction), name
        assert set(correction) <= {"field", "said", "reason", "source", "list", "at"}, name
        assert correction.get("list") in lists | {None}, name
        assert SOURCE.fullmatch(correction["source"]), name


def test_names_of_works_are_unambiguous() -> None:
    owners: dict[tuple[str, str], set[str]] = {}
    for name, record in records().items():
        group = "work" if name.partition("/")[0] in WORKS else name.partition("/")[0]
        for text in [record["label"], *as_list(record.get("aka", []))]:
            owners.setdefault((group, text.casefold()), set()).add(name)
    assert not {text: names for text, names in owners.items() if len(names) > 1}
