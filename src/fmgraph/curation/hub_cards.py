"""Models and data sets on Hugging Face: answers of the Hub's API, which carry the card's metadata.

https://huggingface.co/docs/hub/model-cards#model-card-metadata; ``huggingface_hub`` reads the answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from huggingface_hub.hf_api import DatasetInfo, ModelInfo

from fmgraph.curation.metadata import MetadataFact

#: What the card's ``base_model_relation`` is here; all others say only that it is built on it.
_RELATIONS = {"finetune": "fine_tuned_from", "adapter": "adapts"}
#: Files that are weights. Without one, a page that is open does not make the weights open.
_WEIGHTS = (
    ".safetensors",
    ".bin",
    ".pt",
    ".pth",
    ".ckpt",
    ".h5",
    ".gguf",
    ".onnx",
    ".msgpack",
    ".nemo",
    ".tar",
)


def model_facts(text: str) -> list[MetadataFact]:
    """Return what the Hub says of a model; raises ValueError where the text is no answer of its API."""
    return list(_model(ModelInfo(**_answer(text))))


def dataset_facts(text: str) -> list[MetadataFact]:
    """Return what the Hub says of a data set; raises ValueError where the text is no answer of its API."""
    return list(_dataset(DatasetInfo(**_answer(text))))


def cards_without_license(text: str) -> list[str]:
    """Return the card that was looked at, where it states no licence; else []."""
    answer = _answer(text)
    licence = (answer.get("cardData") or {}).get("license")
    return [] if licence or not answer.get("sha") else [_card(answer["id"], answer["sha"])]


def _answer(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise ValueError("no answer of the Hub's API: a JSON object with an id")
    return answer


def _card(name: str, sha: str | None, place: str = "") -> str:
    return f"https://huggingface.co/{place}{name}/blob/{sha or 'main'}/README.md"


def _model(info: ModelInfo) -> Iterator[MetadataFact]:
    page = f"https://huggingface.co/{info.id}"
    card, data = _card(info.id, info.sha), info.card_data
    yield MetadataFact("weights", page, page, "the repository itself")
    files = [file.rfilename.casefold() for file in info.siblings or ()]
    if info.gated in ("auto", "manual"):
        yield MetadataFact("access", "gated", page, f"access on request, {info.gated} approval")
    elif info.gated is False and not info.private and any(name.endswith(_WEIGHTS) for name in files):
        yield MetadataFact("access", "open", page, "not gated, with files of weights")
    if data is None:
        return
    if licence := _licence(data):
        yield MetadataFact("weights_license", licence, card, "license of the card")
    relation = _text(data.get("base_model_relation"))
    for parent in _texts(data.get("base_model")):
        at = f"base_model of the card{f', {relation}' if relation else ''}"
        yield MetadataFact(_RELATIONS.get(relation, "built_on"), parent, card, at)
    for name in _texts(data.get("datasets")):
        yield MetadataFact("trained_on", name, card, "datasets of the card")
    for tag in (*_texts(data.get("tags")), *_texts(data.get("pipeline_tag"))):
        yield MetadataFact("tag", tag, card, "tags of the card")


def _dataset(info: DatasetInfo) -> Iterator[MetadataFact]:
    page = f"https://huggingface.co/datasets/{info.id}"
    card, data = _card(info.id, info.sha, "datasets/"), info.card_data
    yield MetadataFact("homepage", page, page, "the repository itself")
    if info.gated in ("auto", "manual"):
        yield MetadataFact("access", "gated", page, f"access on request, {info.gated} approval")
    elif info.gated is False and not info.private:
        yield MetadataFact("access", "open", page, "not gated")
    if data is None:
        return
    if licence := _licence(data):
        yield MetadataFact("license", licence, card, "license of the card")
    for tag in _texts(data.get("tags")):
        yield MetadataFact("tag", tag, card, "tags of the card")


def _licence(data: Any) -> str:
    """Return the card's licence; ``other`` is a marker for the name that stands beside it."""
    licences = _texts(data.get("license"))
    return _text(data.get("license_name")) if licences[:1] == ["other"] else next(iter(licences), "")


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for one in values if (text := _text(one))]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
