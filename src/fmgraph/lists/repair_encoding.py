"""Text as its author wrote it: decoding, and undoing a misread encoding (mojibake).

A file whose UTF-8 was read as Windows-1252 or Windows-1254 on the way has ``Ã—`` for ``×``. ftfy undoes
that where all bytes survived. Where bytes were lost nothing can: in data that is an error, in a decoration
(the emoji before a heading or label) the remains are dropped and reported.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import ftfy
from ftfy.badness import is_bad

from fmgraph.errors import ListError

#: Encodings as which UTF-8 is commonly misread; ftfy's "sloppy" ones map the undefined bytes too.
_MISREADINGS = ("sloppy-windows-1252", "sloppy-windows-1254")
#: First bytes of symbols and emoji in UTF-8: U+2000-2FFF, U+F000-FFFF and U+10000 on.
_SYMBOL_LEADS = b"\xe2\xef\xf0"
#: What ftfy's measure misses: Ã stands before an upper-case letter or it is a UTF-8 lead byte ...
_STRAY_LEAD = re.compile(r"Ã(?![A-ZÀ-Þ])")
#: ... and these mean something only beside a letter. Å is left out: it is a unit.
_LONE_LEAD = re.compile(r"(?<!\w)[Ââãïðğ](?!\w)")
#: A lead byte with a continuation byte.
_UTF8_PIECE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]")


def decode(source: str | bytes, file: Path | str | None) -> str:
    """Return the text with line feeds as its only line ends and no byte order mark.

    Raises ListError with the line where bytes are not UTF-8.
    """
    if isinstance(source, bytes):
        raw = source
        try:
            source = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            byte = f"0x{raw[error.start]:02X}"
            remedy = "save the file as UTF-8; it may be Windows-1252 or Latin-1"
            message = f"the byte {byte} is not UTF-8"
            raise ListError(message, file=file, line=line, remedy=remedy) from None
    return source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def repair(text: str) -> tuple[str, int]:
    """Return the text with mojibake undone line by line, and the number of lines that changed.

    Clean lines come back as they are: quotes, dashes and composed letters are never "improved".
    """
    lines = text.split("\n")
    repaired = [line if line.isascii() else ftfy.fix_encoding(line) for line in lines]
    return "\n".join(repaired), sum(old != new for old, new in zip(lines, repaired, strict=True))


def remains(text: str, *, misread: bool) -> str | None:
    """Return the first piece of broken text that repair has left, None where the text is sound.

    ``misread`` says that other lines of the file had to be repaired: then a lone ``â`` counts as broken.
    """
    patterns = (_CONTROLS, _STRAY_LEAD, _LONE_LEAD) if misread else (_CONTROLS, _STRAY_LEAD)
    for pattern in patterns:
        match = pattern.search(text)
        if match:
            return text[max(match.start() - 8, 0) : match.end() + 8]
    return next((word for word in text.split() if is_bad(word) and _may_be_misread(word)), None)


def _may_be_misread(word: str) -> bool:
    """Whether the bytes behind the word have a piece of UTF-8: ftfy's measure also dislikes ``12×été``."""
    return any(_UTF8_PIECE.search(word.encode(codec, "replace")) for codec in _MISREADINGS)


def strip_decorations(text: str) -> tuple[str, list[str]]:
    """Return the text without the emoji and their remains at its two ends, and what was a remains.

    >>> strip_decorations("🔬 Microscopy")
    ('Microscopy', [])
    >>> strip_decorations("âš™ï¸ Computing Hardware")
    ('Computing Hardware', ['âš™ï¸'])
    """
    words, broken = text.split(), []
    for end in (0, -1):
        while len(words) > 1 and (_is_emoji(words[end]) or _is_broken_symbol(words[end])):
            word = words.pop(end)
            if not _is_emoji(word):
                broken.append(word)
    return (" ".join(words), broken) if len(words) < len(text.split()) else (text.strip(), [])


def _is_emoji(word: str) -> bool:
    categories = {unicodedata.category(char) for char in word}
    return "So" in categories and categories <= {"So", "Sk", "Mn", "Me", "Cf"}


def _is_broken_symbol(word: str) -> bool:
    """Whether the word is what a misreading with lost bytes leaves of a symbol: no letter is behind it."""
    if len(word) < 2 or any(char.isascii() for char in word):
        return False
    for codec in _MISREADINGS:
        try:
            raw = word.encode(codec)
        except UnicodeEncodeError:
            continue
        if raw[0] in _SYMBOL_LEADS and not any(c.isalnum() for c in raw.decode("utf-8", "replace")):
            return True
    return False
