"""Mojibake: what is mended, what is left alone, and what is refused because bytes are lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmgraph.errors import ListError
from fmgraph.lists import import_list
from fmgraph.lists.repair_encoding import strip_decorations


def table(cell: str, before: str = "") -> str:
    return f"{before}\n\n| A | B |\n|---|---|\n| {cell} | 1 |\n"


def cell_of(text: str | bytes) -> str:
    return import_list(text, "l").rows[0].cells["A"]


@pytest.mark.parametrize("codec", ["cp1252", "cp1254"])
@pytest.mark.parametrize("clean", ["1024×1024", "visual–language", "12×224×224 – naïve", "José Müller’s"])
def test_a_misreading_is_undone(codec: str, clean: str) -> None:
    broken = clean.encode().decode(codec)
    assert broken != clean
    found = import_list(table(broken), "l")
    assert found.rows[0].cells["A"] == clean
    assert found.repaired == 1


@pytest.mark.parametrize(
    ("broken", "clean"), [("âœ…", "✅"), ("BrbiÄ‡", "Brbić"), ("8Ã— 80GB", "8× 80GB"), ("ğŸ”¬", "🔬")]
)
def test_single_symbols_and_letters_are_mended(broken: str, clean: str) -> None:
    assert cell_of(table(broken)) == clean


@pytest.mark.parametrize(
    "clean",
    [
        "São Paulo, SÃO PAULO, Âge, Château",
        "12×été, ×é",
        "5 Å, ±2 µm, 37 °C",
        "“quoted” – it’s … fine",
        "ﬁne ligature, ａ wide letter, ½",
        "Erdoğan, Şahin, İnönü, Łódź, Brbić",
        "e\u0301 decomposed",
        "&amp; stays &lt;b&gt;",
        "中文 模型 — 日本語",
    ],
)
def test_clean_text_comes_through_untouched(clean: str) -> None:
    found = import_list(table(clean), "l")
    assert found.rows[0].cells["A"] == clean
    assert found.repaired == 0


@pytest.mark.parametrize(
    "lost",
    ["RamÃrez", "8Ã 80GB", "a\ufffdb", "a\x81b", "âš™ï¸ GPU", "a\x07b"],
)
def test_lost_bytes_in_a_cell_are_refused_with_line_and_column(lost: str) -> None:
    with pytest.raises(ListError, match="broken beyond repair") as caught:
        import_list(table(lost), "l", file="f.md")
    assert (caught.value.file, caught.value.line, caught.value.field) == ("f.md", 5, "A")
    assert caught.value.remedy


def test_a_lone_letter_is_broken_only_where_the_file_was_misread() -> None:
    assert cell_of(table("the sound â here")) == "the sound â here"
    with pytest.raises(ListError, match=r"repair at '.*â.*'"):
        cell_of(table("the sound â here", before="visualâ€“language"))


@pytest.mark.parametrize("header", ["Titleï¿½ Ã", "a\ufffd"])
def test_broken_headers_and_sections_are_refused(header: str) -> None:
    with pytest.raises(ListError, match="broken beyond repair"):
        import_list(f"## S\n\n| {header} | B |\n|---|---|\n| 1 | 2 |\n", "l")
    with pytest.raises(ListError, match="broken beyond repair"):
        import_list(f"## {header}\n\n| A | B |\n|---|---|\n| 1 | 2 |\n", "l")


def test_a_symbol_with_lost_bytes_beside_a_label_is_dropped_and_told() -> None:
    text = "## ğŸ›ï¸ Gallery\n\n> ### ğŸ”¬ [V] T\n> **âš™ï¸ Hardware:** 8Ã— A100\n"
    found = import_list(text, "l")
    assert found.tables[0].section == "Gallery"
    assert found.rows[0].cells == {"Venue": "V", "Title": "T", "Hardware": "8× A100"}
    assert [line for line, _ in found.notes] == [1, 4]
    assert "bytes are lost" in found.notes[1][1]


@pytest.mark.parametrize(
    "text", ["été 2026", "âge", "1) Clinical Data", "- dash", "C++ & more", "é", "âš™ï¸", "Ångström ÅÄ Ö"]
)
def test_letters_are_no_decoration(text: str) -> None:
    assert strip_decorations(text) == (text, [])


def test_bytes_that_are_not_utf8_are_refused_with_their_line() -> None:
    with pytest.raises(ListError, match="0xD7 is not UTF-8") as caught:
        import_list(table("1024×1024").encode("cp1252"), "l", file="f.md")
    assert caught.value.line == 5
    assert "UTF-8" in (caught.value.remedy or "")


def test_byte_order_mark_and_windows_line_ends_are_no_data() -> None:
    text = table("x").lstrip().replace("\n", "\r\n").encode("utf-8-sig")
    found = import_list(text, "l")
    assert found.tables[0].headers == ("A", "B")
    assert found.rows[0].line == 3


WORDS = st.lists(
    st.sampled_from(
        ["224×224", "visual–language", "Almagro-Pérez", "Brbić", "ViT-B/16", "a “b” c", "µm", "—"]
    ),
    min_size=1,
    max_size=6,
).map(" ".join)


@settings(deadline=None)
@given(WORDS)
def test_words_of_real_lists_survive_clean_and_misread(text: str) -> None:
    assert cell_of(table(text)) == text
    misread = "".join(chr(byte) if byte < 0x80 else _cp1252(byte) for byte in text.encode())
    assert cell_of(table(misread)) == text


def _cp1252(byte: int) -> str:
    """Decode as browsers do: the five bytes that Windows-1252 leaves undefined become C1 controls."""
    return bytes([byte]).decode("sloppy-windows-1252")
