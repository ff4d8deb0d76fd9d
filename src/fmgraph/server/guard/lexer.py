"""The tokens of a SPARQL query, exactly, in one pass and without recursion.

Terminals are those of SPARQL 1.1, section 19.8. Text that starts a string and is not one is an error here,
never two shorter tokens: parsers that have no lexer (pyoxigraph's, which reads ``trueSERVICE`` as two words)
would otherwise see a keyword where we see a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fmgraph.errors import QuerySyntaxError

# Prefixes are bounded at 128 characters, or a.a.a… would be read anew at each letter.
# PN_CHARS_BASE and PN_CHARS, rules 164 and 167.
_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_VAR = _BASE + "_0-9\u00b7\u0300-\u036f\u203f-\u2040"
_CHARS = _VAR + r"\-"
_PLX = r"(?:%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%])"
_ESCAPE = r"""\\(?:[tbnrf\\"']|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"""

_TOKEN = re.compile(
    rf"""
    (?P<space>(?:[ \t\r\n]+|\#[^\r\n]*)+)
    |(?P<string>'''(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*'''
              |\"\"\"(?:\"{{0,2}}(?:[^"\\]|{_ESCAPE}))*\"\"\"
              |(?!'''|\"\"\")(?:'(?:[^'\\\r\n]|{_ESCAPE})*'|"(?:[^"\\\r\n]|{_ESCAPE})*"))
    |(?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*>)
    |(?P<var>[?$][{_BASE}_0-9][{_VAR}]*)
    |(?P<bnode>_:[{_BASE}_0-9](?:[{_CHARS}.]*[{_CHARS}])?)
    |(?P<pname>(?:[{_BASE}][{_CHARS}.]{{0,127}}+(?<!\.))?:
               (?:(?:[{_BASE}_0-9:]|{_PLX})(?:(?:[{_CHARS}.:]|{_PLX})*(?:[{_CHARS}:]|{_PLX}))?)?)
    |(?P<word>[{_BASE}_][{_CHARS}]*)
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<lang>@[A-Za-z]+(?:-+[A-Za-z0-9]+)*)
    |(?P<punct>\^\^|&&|\|\||!=|<=|>=|<<\(|\)>>|<<|>>|\{{\||\|\}}|[{{}}()\[\].,;*/|^?+\-!=<>~])
    """,
    re.VERBOSE,
)
#: The same without names of groups: findall then gives texts, at a fifth of the time. Where no token begins
#: it takes the rest: else it would look for one from each character on, and read the rest anew each time.
_TEXT = re.compile(re.sub(r"\(\?P<\w+>", "(?:", _TOKEN.pattern) + r"|[\s\S]+", re.VERBOSE)
_CODEPOINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class Token(NamedTuple):
    """A token: ``kind`` is a group of the pattern (``iri``, ``var``, ``word`` …), ``start`` the offset."""

    kind: str
    text: str
    start: int


def tokens(query: str) -> Iterator[Token]:
    """Yield the tokens of ``query`` without white space and comments; QuerySyntaxError for other text."""
    position = 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None or match.lastgroup is None:
            raise _no_token(query, position)
        if match.lastgroup != "space":
            text = match.group()
            if "\\" in text and match.lastgroup in ("string", "iri"):
                _check_codepoints(query, text, position)
            yield Token(match.lastgroup, text, position)
        position = match.end()


def texts(query: str) -> list[str] | None:
    """Return the texts of tokens, white space and comments; None where there is anything else."""
    token_texts = _TEXT.findall(query)
    return token_texts if not token_texts or _TOKEN.match(token_texts[-1]) else None


def kind_of(text: str) -> str:
    """Return the kind of a token from its text alone, "space" for white space and comments."""
    match = _TOKEN.match(text)
    return (match and match.lastgroup) or ""


def unescape(query: str) -> str:
    r"""Return ``query`` with its codepoint escapes (``\u0041``) replaced, as SPARQL 1.1, section 19.2 has it.

    Some parsers do so before all else, as the specification says, some only inside strings and IRIs.
    """
    return _CODEPOINT.sub(lambda m: _character(m) or m.group(), query)


def place(query: str, offset: int) -> tuple[int, int]:
    """Return the one-based line and column of ``offset``."""
    line = query.count("\n", 0, offset) + 1
    return line, offset - (query.rfind("\n", 0, offset) + 1) + 1


def _character(match: re.Match[str]) -> str | None:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0xD800 or 0xDFFF < code <= 0x10FFFF else None


def _check_codepoints(query: str, text: str, start: int) -> None:
    for match in _CODEPOINT.finditer(text.replace("\\\\", "__")):
        if _character(match) is None:
            line, column = place(query, start + match.start())
            message = f"line {line}, column {column}: {match.group()} is not a character"
            raise QuerySyntaxError(message, line, column)


def _no_token(query: str, position: int) -> QuerySyntaxError:
    line, column = place(query, position)
    if query[position] in "'\"":
        what = "a string that does not end, or has a wrong escape"
    else:
        what = f"unexpected character {query[position]!r}"
    return QuerySyntaxError(f"line {line}, column {column}: {what}", line, column)
