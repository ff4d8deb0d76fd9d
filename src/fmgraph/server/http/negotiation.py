"""Proactive content negotiation: RFC 9110, sections 12.4 and 12.5.

What is decided where the RFC leaves a choice:

- The quality of an offer is that of the most specific range that matches it (12.5.1); ``q=0`` excludes it.
- Equal quality: the more specific match wins, then the client's order, then the service's.
- An element that is not a media range is passed over, a ``q`` that is not a number from 0 to 1 too; a field
  with nothing else in it counts as absent (12.5.1 lets a server disregard the field). What clients write for
  what the RFC has is read as they mean it: ``q=.9`` for 0.9, more than three digits, ``*`` for ``*/*``.
- Parameters of a media range are passed over (text is always UTF-8); a field over 8 KiB is 431 (RFC 6585).
- Several field lines are one list, in order (5.3): the server joins them by a comma before this code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fmgraph.errors import ProtocolError
from fmgraph.rdf.formats import Format

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110, section 5.6.2
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})")
_Q = re.compile(r"0?\.[0-9]+|0\.?|1(?:\.0*)?")
#: The pieces between commas (or semicolons) that stand outside quoted strings; an open one runs to the end.
_LIST = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+(?:"|\\?$))+')
_MAX_FIELD = 8192
_PARAMETERS = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*+(?:"|\\?$))+')


@dataclass(frozen=True)
class Range:
    """One element of an Accept field: ``type/subtype``, either may be ``*``; quality; place in the field."""

    kind: str
    subtype: str
    quality: float
    place: int

    def specificity(self, media_type: str) -> int:
        """Return 2 for the very type, 1 for ``type/*``, 0 for ``*/*``, -1 where it does not match."""
        kind, _, subtype = media_type.partition("/")
        if self.kind == "*":
            return 0 if self.subtype == "*" else -1
        if self.kind != kind:
            return -1
        return 1 if self.subtype == "*" else 2 if self.subtype == subtype else -1


@dataclass(frozen=True)
class Choice:
    """The outcome: the format, and the media type to name in Content-Type (an alias when asked by it)."""

    format: Format
    media_type: str
    quality: float = 1.0


def _elements(field: str) -> Iterable[tuple[str, dict[str, str], int]]:
    """Yield (value, parameters, place) of each list element; names in lower case, quotes removed."""
    if len(field) > _MAX_FIELD:
        raise ProtocolError(f"a header field is longer than {_MAX_FIELD} characters", 431)
    for place, part in enumerate(_LIST.findall(field)):
        value, *rest = _PARAMETERS.findall(part) or [""]
        parameters = {}
        for text in rest:
            name, _, content = text.partition("=")
            parameters[name.strip().lower()] = content.strip().strip('"')
        if value.strip():
            yield value.strip().lower(), parameters, place


def _quality(parameters: dict[str, str]) -> float | None:
    """Return the ``q`` parameter (1 when absent), or None when it is malformed."""
    text = parameters.get("q", "1")
    return float(text) if _Q.fullmatch(text) else None


def parse_accept(field: str | None) -> list[Range]:
    """Return the media ranges of an Accept field; empty for an absent field and for one without any."""
    ranges = []
    for value, parameters, place in _elements(field or ""):
        match, quality = _RANGE.fullmatch("*/*" if value == "*" else value), _quality(parameters)
        if match and quality is not None:
            ranges.append(Range(match[1], match[2], quality, place))
    return ranges


def choose(field: str | None, formats: Sequence[Format]) -> Choice | None:
    """Return the best of ``formats`` for an Accept field, or None where none is acceptable (406)."""
    ranges = parse_accept(field)
    if not ranges:
        return Choice(formats[0], formats[0].media_type)
    best: tuple[tuple[float, int, int, int, int], Choice] | None = None
    for order, form in enumerate(formats):
        for rank, media_type in enumerate((form.media_type, *form.aliases)):
            matches = [(r.specificity(media_type), -r.place, r.quality) for r in ranges]
            specificity, place, quality = max(matches)
            # An alias is only sent to those who name it: ``*/*`` gets the registered type.
            if specificity < 0 or quality == 0 or (rank and specificity < 2):
                continue
            score = (quality, specificity, place, -rank, -order)
            if best is None or score > best[0]:
                best = score, Choice(form, media_type, quality)
    return best[1] if best else None


def names_any(field: str | None, formats: Sequence[Format]) -> bool:
    """Tell whether an Accept field names one of ``formats`` (or ``type/*`` of it), and not only ``*/*``."""
    media_types = [media_type for form in formats for media_type in (form.media_type, *form.aliases)]
    return any(
        accepted.quality > 0 and any(accepted.specificity(media_type) > 0 for media_type in media_types)
        for accepted in parse_accept(field)
    )


def choose_encoding(field: str | None, available: Sequence[str]) -> str | None:
    """Return the content coding to use (RFC 9110, 12.5.3): ``"identity"`` for none, None if all are refused.

    ``available`` are the codings the service has besides identity, best first. A coding is only used when
    the client names it or says ``*``; an absent field gets identity.
    """
    if field is None:
        return "identity"
    qualities: dict[str, float] = {}
    for value, parameters, _ in _elements(field):
        quality = _quality(parameters)
        if quality is not None:
            qualities["gzip" if value == "x-gzip" else value] = quality
    rest = qualities.get("*")
    best, best_quality = None, 0.0
    for coding in available:
        quality = qualities.get(coding, 0.0 if rest is None else rest)
        if quality > best_quality:
            best, best_quality = coding, quality
    identity = qualities.get("identity", 1.0 if rest is None else rest)
    # Identity that is not named is acceptable, and yet no one who names a coding wants it more.
    if best is not None and ("identity" not in qualities or best_quality >= identity):
        return best
    return "identity" if identity > 0 else None
