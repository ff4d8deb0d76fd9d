"""Numbers as people write them: ``116.8k volumes, 6.9M slices``, ``4 × 8 80GB NVIDIA A100 GPU nodes``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from fmgraph.rdf.prefixes import SCHEMA, XSD
from fmgraph.rdf.terms import LABEL, A, Term, Triple, entity, integer, iri, literal, own
from fmgraph.text import slugify

_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "g": 9, "billion": 9, "trillion": 12}
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_QUALIFIERS = {
    "over": "over",
    "more than": "over",
    ">": "over",
    "+": "over",
    "at least": "over",
    "about": "about",
    "approximately": "about",
    "around": "about",
    "~": "about",
    "nearly": "nearly",
    "almost": "nearly",
    "up to": "up to",
}
_QUALIFIER = "|".join(re.escape(word) for word in sorted(_QUALIFIERS, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?P<qualifier>{_QUALIFIER})?\s*{_NUMBER}\s*"
    r"(?P<scale>(?:thousand|million|billion|trillion)\b|[kKmMbBG](?![A-Za-z]))?(?P<plus>\+)?\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
#: A number in a sentence, and up to five words after it.
_MENTION = re.compile(
    rf"(?<![\w.,-]){_NUMBER}(?![\d,.]*\d)\s*(?P<scale>(?:thousand|million|billion|trillion)\b|[kKmMbBG](?![A-Za-z]))?"
    r"(?P<rest>(?:\s*[^\s,;.:()\d]+){1,5})",
    re.IGNORECASE,
)
_PART = re.compile(r"\(([^()]*)\)\s*$")
#: A comma that ends a quantity: not one inside a number.
_COMMA = re.compile(r",(?!\d{3}\b)\s*|\s+and\s+(?=\d)")

#: Resolves a name to a slug, or to None.
Lookup = Callable[[str], str | None]
#: Returns the name of a unit, by slug and by whether it is of one.
UnitLabel = Callable[[str, bool], str | None]


@dataclass(frozen=True)
class Quantity:
    """A number with its unit: ``value`` is exact, ``unit`` a slug of ``data/unit/`` or None."""

    value: Decimal
    unit: str | None = None
    unit_label: str | None = None
    qualifier: str | None = None
    modality: str | None = None
    parts: tuple[Quantity, ...] = ()

    @property
    def number(self) -> str:
        """The value without exponent or trailing zeros."""
        text = f"{self.value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    @property
    def slug(self) -> str:
        """The slug, made of all that tells this quantity from another."""
        bits = [
            self.qualifier and slugify(self.qualifier),
            self.number.replace(".", "-"),
            self.unit,
            self.modality,
        ]
        text = "-".join(bit for bit in bits if bit)
        return "-of-".join([text, *(part.slug for part in self.parts)])

    @property
    def label(self) -> str:
        """The quantity in words, with thousands separators."""
        number = f"{Decimal(self.number):,}"
        bits = [self.qualifier, number, self.unit_label, self.modality and f"({self.modality})"]
        text = " ".join(bit for bit in bits if bit)
        return text + (f" ({', '.join(part.label for part in self.parts)})" if self.parts else "")

    @property
    def term(self) -> Term:
        """The IRI term, by content: equal quantities are one node."""
        return entity("quantity", self.slug)

    def triples(self) -> list[Triple]:
        """Return the node's own triples and those of its parts."""
        node = self.term
        exact = self.value == self.value.to_integral_value()
        datatype = f"{XSD}{'integer' if exact else 'decimal'}"
        triples: list[Triple] = [
            (node, A, own("Quantity")),
            (node, A, iri(f"{SCHEMA}QuantitativeValue")),
            (node, LABEL, literal(self.label)),
            (node, iri(f"{SCHEMA}value"), literal(self.number, datatype)),
        ]
        if self.unit:
            triples.append((node, own("unit"), entity("unit", self.unit)))
        if self.qualifier:
            triples.append((node, own("qualifier"), literal(self.qualifier)))
        if self.modality:
            triples.append((node, own("modality"), entity("modality", self.modality)))
        for part in self.parts:
            triples.append((node, own("hasPart"), part.term))
            triples.extend(part.triples())
        return triples


def number(text: str) -> Decimal | None:
    """Return the number in the text (``1.17 million`` is 1170000), None where it is not one number."""
    match = _AMOUNT.fullmatch(text.strip())
    return _value(match) if match and not match["rest"] else None


def _value(match: re.Match[str]) -> Decimal:
    scale = _SCALES[match["scale"].lower()] if match["scale"] else 0
    return Decimal(match["number"].replace(",", "")).scaleb(scale)


def _qualifier(match: re.Match[str]) -> str | None:
    word = "+" if match["plus"] else match["qualifier"]
    return _QUALIFIERS[" ".join(word.lower().split())] if word else None


def quantities(text: str, unit: Lookup, unit_label: UnitLabel, modality: Lookup) -> list[Quantity]:
    """Return the quantities that the text states, in its order.

    ``unit`` and ``modality`` resolve names to slugs, ``unit_label`` names a unit.
    Raises ValueError, naming the piece, where a piece is not a number with a known unit (or none).
    """
    amounts = []
    for piece in _split(text):
        match = _AMOUNT.fullmatch(piece)
        if not match:
            raise ValueError(f"{piece!r} is not a number with a unit")
        amounts.append(_quantity(match, unit, unit_label, modality, piece))
    return amounts


def mentions(text: str, unit: Lookup) -> list[tuple[Decimal, str]]:
    """Return the numbers in running text that a known unit follows, within five words, each with its unit.

    >>> mentions("1,000 sections of 20 brains", {"sections": "section"}.get)
    [(Decimal('1000'), 'section')]
    """
    numbers = []
    for match in _MENTION.finditer(text):
        words = match["rest"].split()
        for end in range(1, len(words) + 1):
            if slug := _unit(" ".join(words[:end]), unit):
                longer = (_unit(" ".join(words[:more]), unit) for more in range(len(words), end, -1))
                numbers.append((_value(match), next(filter(None, longer), slug)))
                break
    return numbers


def _split(text: str) -> list[str]:
    """Split at commas that stand neither in a number nor in parentheses."""
    pieces, depth, start = [], 0, 0
    for match in re.finditer(rf"[()]|{_COMMA.pattern}", text):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
        elif depth == 0:
            pieces.append(text[start : match.start()])
            start = match.end()
    pieces.append(text[start:])
    return [piece.strip() for piece in pieces if piece.strip()]


def _quantity(
    match: re.Match[str], unit: Lookup, unit_label: UnitLabel, modality: Lookup, piece: str
) -> Quantity:
    rest, value = match["rest"].strip(), _value(match)
    slug = _unit(rest, unit)
    parts: tuple[Quantity, ...] = ()
    inner = _PART.search(rest)
    if inner and slug is None:
        rest = rest[: inner.start()].strip()
        slug = _unit(rest, unit)
        parts = tuple(
            _part(text, slug, unit_label, modality) for text in _split(inner[1]) if text[:1].isdigit()
        )
    if rest and slug is None:
        raise ValueError(f"no unit is known for {rest!r} in {piece!r}")
    return Quantity(value, slug, slug and unit_label(slug, value == 1), _qualifier(match), None, parts)


def _part(text: str, unit: str | None, unit_label: UnitLabel, modality: Lookup) -> Quantity:
    match = _AMOUNT.fullmatch(text)
    slug = modality(match["rest"]) if match else None
    if not match or slug is None:
        raise ValueError(f"{text!r} is not a part (a number with a modality)")
    value = _value(match)
    return Quantity(value, unit, unit and unit_label(unit, value == 1), _qualifier(match), slug)


def _unit(phrase: str, unit: Lookup) -> str | None:
    """Return the unit that the phrase ends in: the longest known ending wins."""
    words = phrase.split()
    for start in range(len(words)):
        slug = unit(" ".join(words[start:]))
        if slug:
            return slug
    return None


_COUNT_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "four": 4, "eight": 8, "single": 1}
_DEVICE = re.compile(
    r"(?:(?P<nodes>\d+)\s*[×x]\s*(?P<each>\d+)\s+(?=\d+\s*-?\s*GB)|(?P<count>\d+)\s*[×x]?\s*"
    r"|(?P<word>\ban?|\bone|\btwo|\bfour|\beight|\bsingle)\s+)"
    r"(?:(?P<before>\d+)\s*-?\s*GB\s+)?"
    r"(?P<device>(?:NVIDIA|AMD|Google)\s+(?:(?:Tesla|RTX|GeForce|TPU)\s+)?[A-Za-z]*\d+[A-Za-z0-9]*(?:-(?:SXM\d?|PCIe))?)"
    r"(?:[\s-]*(?P<after>\d+)\s*-?\s*GB)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Hardware:
    """Accelerators used: how many, which, and their memory in GB where named."""

    count: int
    device: str
    memory_gb: int | None

    @property
    def label(self) -> str:
        """``8 × NVIDIA A100 80GB``."""
        return f"{self.count} × {self.device}" + (f" {self.memory_gb}GB" if self.memory_gb else "")

    @property
    def term(self) -> Term:
        """The IRI term, by content."""
        return entity("hardware", slugify(self.label.replace("×", "x")))

    def triples(self) -> list[Triple]:
        """Return the node's own triples."""
        node = self.term
        triples = [
            (node, A, own("Hardware")),
            (node, LABEL, literal(self.label)),
            (node, own("deviceCount"), integer(self.count)),
            (node, own("device"), literal(self.device)),
        ]
        if self.memory_gb:
            triples.append((node, own("deviceMemoryGB"), integer(self.memory_gb)))
        return triples


def hardware(text: str) -> Hardware:
    """Return the accelerators that the text names (``4 × 8`` is 32); raises ValueError where none is."""
    plain = text.replace("*", "").replace(" ", " ")
    match = _DEVICE.search(plain)
    if not match:
        raise ValueError(f"no accelerator is recognised in {text!r}")
    if match["nodes"]:
        count = int(match["nodes"]) * int(match["each"])
    else:
        count = int(match["count"]) if match["count"] else _COUNT_WORDS[match["word"].lower()]
    memory = match["before"] or match["after"]
    return Hardware(count, " ".join(match["device"].split()), int(memory) if memory else None)
