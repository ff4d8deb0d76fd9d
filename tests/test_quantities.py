"""Numbers with units and accelerators, in the forms that the lists use."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.graph.quantities import hardware, number, quantities
from fmgraph.text import match_key

UNITS = {
    match_key(name): slug
    for slug, names in {
        "image": ["images", "CXRs"],
        "volume": ["volumes"],
        "slice": ["slices"],
        "dicom-file": ["DICOM files"],
        "scan": ["scans"],
        "whole-slide-image": ["WSIs", "whole-slide images", "whole slide histopathology images"],
        "image-text-pair": ["image-text pairs", "image-caption pairs"],
        "image-crop": ["image crops"],
        "training-sample": ["training samples"],
    }.items()
    for name in names
}
MODALITIES = {"ct": "ct", "mr": "mri"}


def read(text: str) -> list[tuple[str, str | None, str | None]]:
    found = quantities(
        text,
        lambda name: UNITS.get(match_key(name)),
        lambda slug, one: f"{slug}s",
        lambda m: MODALITIES.get(match_key(m)),
    )
    return [(quantity.number, quantity.unit, quantity.qualifier) for quantity in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("116.8k volumes, 6.9M slices", [("116800", "volume", None), ("6900000", "slice", None)]),
        ("100,426 WSIs", [("100426", "whole-slide-image", None)]),
        ("1.5M whole slide histopathology images", [("1500000", "whole-slide-image", None)]),
        ("60,530 whole-slide images (WSIs)", [("60530", "whole-slide-image", None)]),
        ("3M", [("3000000", None, None)]),
        ("2.77 million", [("2770000", None, None)]),
        ("0.1 million retinal images", [("100000", "image", None)]),
        ("15.3K paired CT scans", [("15300", "scan", None)]),
        ("8 billion microscopy image crops", [("8000000000", "image-crop", None)]),
        ("Over 16K natural and dermatology images", [("16000", "image", "over")]),
        ("more than 30,000 images", [("30000", "image", "over")]),
        ("1.17 million image–caption pairs", [("1170000", "image-text-pair", None)]),
        ("8.5 million training samples", [("8500000", "training-sample", None)]),
        ("987K unique CXRs", [("987000", "image", None)]),
    ],
)
def test_quantities_of_the_lists(text, expected):
    assert read(text) == expected


def test_a_total_keeps_its_parts():
    [total] = quantities(
        "228M DICOM files (164M CT, 64M MR)",
        lambda name: UNITS.get(match_key(name)),
        lambda slug, one: "DICOM files",
        lambda name: MODALITIES.get(match_key(name)),
    )
    assert total.value == 228_000_000
    assert [(part.value, part.unit, part.modality) for part in total.parts] == [
        (164_000_000, "dicom-file", "ct"),
        (64_000_000, "dicom-file", "mri"),
    ]
    assert len({part.term for part in (total, *total.parts)}) == 3


@pytest.mark.parametrize("text", ["many images", "10 frobs", "images", "12 images (3 things)"])
def test_what_is_not_understood_is_refused_with_the_piece(text):
    with pytest.raises(ValueError, match=r"known|not a"):
        read(text)


@given(st.integers(min_value=0, max_value=10**13))
def test_any_whole_number_is_exact(value):
    assert number(f"{value:,}") == value
    assert number(str(value)) == value


@given(st.decimals(min_value=0, max_value=9999, places=2, allow_nan=False), st.sampled_from("kKMB"))
def test_scales_are_exact(value, scale):
    power = {"k": 3, "m": 6, "b": 9}[scale.lower()]
    assert number(f"{value}{scale}") == Decimal(value).scaleb(power)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ValueError):
        read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8× 80GB NVIDIA A100 GPUs (multi-node DDP).", (8, "NVIDIA A100", 80)),
        ("Trained for 20 epochs using one **NVIDIA A100 80-GB GPU**.", (1, "NVIDIA A100", 80)),
        ("16× NVIDIA A100-SXM4-40GB (58h training).", (16, "NVIDIA A100-SXM4", 40)),
        ("4 × 8 80GB NVIDIA A100 GPU nodes.", (32, "NVIDIA A100", 80)),
        ("8× NVIDIA A100 80-GB.", (8, "NVIDIA A100", 80)),
        ("432,000h of sleep data using **an NVIDIA A100 GPU**.", (1, "NVIDIA A100", None)),
    ],
)
def test_hardware_of_the_lists(text, expected):
    found = hardware(text)
    assert (found.count, found.device, found.memory_gb) == expected


def test_hardware_that_names_no_accelerator_is_refused():
    with pytest.raises(ValueError, match="no accelerator"):
        hardware("a large cluster")
