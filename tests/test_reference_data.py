"""The vocabularies and registers under data/ that the other records and the list cells are read against."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import idutils
import pytest
import yaml
from license_expression import get_spdx_licensing

DATA = Path(__file__).parents[1] / "data"

#: Keys that a record of the kind may have, and those among them that need no source.
EDITORIAL = {"label", "aka", "definition", "broader", "type", "iri", "source", "at"}
KEYS = {
    "backbone": {"broader", "introduced_by", "aio"},
    "method": {"broader", "introduced_by", "aio"},
    "modality": {"broader", "dicom", "mesh", "edam"},
    "unit": set(),
    "venue": {"type", "issn"},
    "institution": {"ror", "wikidata", "country", "part_of"},
    "license": {"iri", "url", "commercial_use", "derivatives", "share_alike", "gated", "research_only"},
}
FLAGS = ("commercial_use", "derivatives", "share_alike", "gated", "research_only")

#: The heads of each scheme. A new concept belongs below one of them, or is added here on purpose.
TOPS = {
    "backbone": {"cnn", "transformer"},
    "method": {
        "contrastive-learning",
        "coreset-selection",
        "federated-learning",
        "generative-pretraining",
        "hybrid-pretraining",
        "knowledge-distillation",
        "self-supervised-learning",
        "supervised-pretraining",
        "synthetic-data-pretraining",
        "transfer-learning",
        "vision-language-pretraining",
    },
    "modality": {"clinical-data", "medical-imaging", "multimodal", "omics", "physiological-signals", "text"},
}

SOURCE = re.compile(
    r"github:[\w.-]+/[\w.-]+@[0-9a-f]{7,40}:\S+|https?://\S+|arxiv:\d{4}\.\d{4,5}(v\d+)?|doi:10\.\S+|paper/[a-z0-9-]+"
)
PAPER = re.compile(r"arxiv:\d{4}\.\d{4,5}|doi:10\.\d{4,9}/\S+")
MATCHES = {
    "aio": re.compile(r"https://w3id\.org/aio/[A-Za-z]+"),
    "dicom": re.compile(r"http://dicom\.nema\.org/resources/ontology/DCM/[A-Z]{2,4}"),
    "mesh": re.compile(r"http://id\.nlm\.nih\.gov/mesh/D\d{6,9}"),
    "edam": re.compile(r"http://edamontology\.org/topic_\w+"),
    "wikidata": re.compile(r"http://www\.wikidata\.org/entity/Q[1-9]\d*"),
    "country": re.compile(r"[A-Z]{2}"),
    "introduced_by": PAPER,
}


@cache
def load(kind: str) -> dict[str, dict[str, object]]:
    return {
        path.stem: yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        for path in sorted((DATA / kind).glob("*.yaml"))
    }


def values(record: dict[str, object], key: str) -> list[str]:
    found = record.get(key, [])
    return [
        value["value"] if isinstance(value, dict) else str(value)
        for value in (found if isinstance(found, list) else [found])
    ]


def folded(name: str) -> str:
    """The form in which list cells and names are compared."""
    return re.sub(r"[^a-z0-9+]", "", name.casefold())


def ror_is_sound(iri: str) -> bool:
    """Whether the two check digits (ISO 7064 mod 97-10 over Crockford's base 32) are right."""
    match = re.fullmatch(r"https://ror\.org/0([0-9a-hjkmnp-tv-z]{6})(\d{2})", iri)
    if not match:
        return False
    number = 0
    for letter in match[1]:
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(letter)
    return 98 - number * 100 % 97 == int(match[2])


def roads_up(records: dict[str, dict[str, object]], key: str, slug: str) -> set[str]:
    """All that is reached from a record through the key, itself only if it lies on a cycle."""
    seen: set[str] = set()
    ahead = values(records[slug], key)
    while ahead:
        step = ahead.pop()
        if step not in seen:
            seen.add(step)
            ahead += values(records[step], key)
    return seen


@pytest.mark.parametrize("kind", KEYS)
def test_records_are_well_formed(kind: str) -> None:
    records = load(kind)
    assert records
    allowed = KEYS[kind] | {"label", "aka", "definition", "source", "at"}
    for slug, record in records.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug), slug
        assert not set(record) - allowed, slug
        assert str(record["label"]).strip() == record["label"], slug
        for name in values(record, "aka"):
            assert name.strip() == name, (slug, name)
            assert name, slug
        assert len({*values(record, "aka"), record["label"]}) == 1 + len(values(record, "aka")), slug


@pytest.mark.parametrize("kind", KEYS)
def test_no_key_stands_twice_in_a_file(kind: str) -> None:
    for path in (DATA / kind).glob("*.yaml"):
        node = yaml.compose(path.read_text("utf-8"), yaml.BaseLoader)
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), path.name


@pytest.mark.parametrize("kind", KEYS)
def test_no_name_is_claimed_by_two_records(kind: str) -> None:
    owner: dict[str, str] = {}
    for slug, record in load(kind).items():
        for key in {folded(name) for name in (slug, str(record["label"]), *values(record, "aka"))}:
            assert owner.setdefault(key, slug) == slug, f"{key} is claimed by {owner[key]} and {slug}"


@pytest.mark.parametrize("kind", ["backbone", "method", "modality", "unit"])
def test_concepts_are_defined(kind: str) -> None:
    for slug, record in load(kind).items():
        assert str(record.get("definition", "")).endswith("."), slug


@pytest.mark.parametrize("kind", TOPS)
def test_schemes_hang_together(kind: str) -> None:
    records = load(kind)
    for slug, record in records.items():
        for target in values(record, "broader"):
            assert target in records, f"{slug}: {target} is not a {kind}"
    assert {slug for slug, record in records.items() if not values(record, "broader")} == TOPS[kind]
    for slug in records:
        above = roads_up(records, "broader", slug)
        assert slug not in above, f"{slug} is broader than itself"
        assert slug in TOPS[kind] or above & TOPS[kind], slug


def test_institutions_are_part_of_known_ones() -> None:
    records = load("institution")
    for slug, record in records.items():
        assert set(values(record, "part_of")) <= set(records), slug
        assert slug not in roads_up(records, "part_of", slug), slug


@pytest.mark.parametrize("kind", KEYS)
def test_every_claim_has_a_source_and_says_where_in_it(kind: str) -> None:
    for slug, record in load(kind).items():
        claimed = [record[key] for key in record if key not in EDITORIAL]
        for value in [one for many in claimed for one in (many if isinstance(many, list) else [many])]:
            stated = value if isinstance(value, dict) else record
            assert SOURCE.fullmatch(str(stated.get("source", ""))), slug
            assert stated.get("at"), slug


@pytest.mark.parametrize("kind", KEYS)
def test_identifiers_have_the_form_of_their_register(kind: str) -> None:
    for slug, record in load(kind).items():
        for key in KEYS[kind] & MATCHES.keys():
            for value in values(record, key):
                assert MATCHES[key].fullmatch(value), (slug, key, value)


def test_issn_check_digits() -> None:
    for slug, record in load("venue").items():
        known = {"journal", "conference", "preprint-server", "workshop"}
        # One list has a word of its field where a venue is expected: kept, and said to be none.
        assert record.get("type") in known or slug == "biomedical-imaging", slug
        for issn in values(record, "issn"):
            assert idutils.is_issn(issn), (slug, issn)
            assert re.fullmatch(r"\d{4}-\d{3}[\dX]", issn), (slug, issn)


def test_ror_check_digits() -> None:
    assert ror_is_sound("https://ror.org/03vek6s52")
    assert not ror_is_sound("https://ror.org/03vek6s53")
    for slug, record in load("institution").items():
        for iri in values(record, "ror"):
            assert ror_is_sound(iri), (slug, iri)


@pytest.mark.parametrize(
    ("kind", "key"), [("institution", "ror"), ("institution", "wikidata"), ("venue", "issn")]
)
def test_an_identifier_belongs_to_one_record(kind: str, key: str) -> None:
    owner: dict[str, str] = {}
    for slug, record in load(kind).items():
        for value in values(record, key):
            assert owner.setdefault(value, slug) == slug, f"{value} is given to {owner[value]} and {slug}"


def test_a_withdrawn_ror_is_not_used() -> None:
    school = load("institution")["harvard-medical-school"]
    assert "ror" not in school
    assert values(school, "part_of") == ["harvard-university"]


def test_licences() -> None:
    known = get_spdx_licensing().known_symbols
    for slug, record in load("license").items():
        if "iri" in record:
            base, _, spdx = str(record["iri"]).rpartition("/")
            assert base == "https://spdx.org/licenses", slug
            assert spdx in known, slug
            assert spdx in values(record, "aka"), slug
            assert slug == spdx.lower().replace(".", "-"), slug
        for flag in FLAGS:
            assert set(values(record, flag)) in (set(), {"true"}, {"false"}), (slug, flag)


def test_words_of_the_lists_are_known() -> None:
    spelt = {
        "backbone": {
            "ViT-base": "vit-b",
            "ViT-large": "vit-l",
            "ViT-l/16": "vit-l-16",
            "conch_ViT-B-16": "vit-b-16",
            "eva02_base_patch14_448": "eva02-b-14",
            "ResNet50": "resnet-50",
            "SwinUNETR": "swin-unetr",
        },
        "method": {"MIM": "masked-image-modelling", "Sim-CLR": "simclr", "SP": "supervised-pretraining"},
        "modality": {"US": "ultrasound", "Histopath": "histopathology", "MR": "mri"},
        "unit": {"WSIs": "whole-slide-image", "image and text pairs": "image-text-pair", "CT scans": "scan"},
        "venue": {"Nature BME": "nature-biomedical-engineering", "MIA": "medical-image-analysis"},
    }
    for kind, words in spelt.items():
        owner = {
            folded(name): slug
            for slug, record in load(kind).items()
            for name in (slug, str(record["label"]), *values(record, "aka"))
        }
        assert {word: owner.get(folded(word)) for word in words} == words
