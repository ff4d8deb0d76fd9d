"""What the text of a value means: the term it becomes, by the property's range."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fmgraph.graph import quantities
from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.license_expressions import expression_term, parse_expression
from fmgraph.graph.sources import source_iri
from fmgraph.ontology import Field, Schema, all_kinds, work_kinds
from fmgraph.rdf.prefixes import FMG, XSD
from fmgraph.rdf.terms import LABEL, A, Term, Triple, entity, iri, literal, own
from fmgraph.records.addresses import check_iri
from fmgraph.records.identifiers import normal_arxiv, normal_doi
from fmgraph.text import SLUG, slugify, unfit_for_xml

#: One resolution: extents joined by x, ×, * or "by".
_EXTENTS = re.compile(r"\d+(?:\s*(?:[x×*]|by)\s*\d+){0,3}", re.IGNORECASE)
_JOINT = re.compile(r"\s*(?:[x×*]|by)\s*", re.IGNORECASE)
_TRUE = {"true": "true", "yes": "true", "false": "false", "no": "false"}


@dataclass(frozen=True)
class Value:
    """A term, and the triples of the node that it names where the value has structure."""

    term: Term
    structure: tuple[Triple, ...] = ()


class Values:
    """Turns the text of values into terms; every method raises ValueError with what would be right."""

    def __init__(self, catalogue: Catalogue, schema: Schema) -> None:
        self._catalogue = catalogue
        self._schema = schema
        self._by_range: dict[str, Callable[[str], list[Value]]] = {
            f"{FMG}Quantity": self.quantities,
            f"{FMG}Hardware": self.hardware,
            f"{FMG}License": self.license,
            f"{FMG}Person": lambda text: [self.person(text)],
        }
        self._by_key: dict[str, Callable[[str], list[Value]]] = {
            "input_resolution": resolutions,
            "year": years,
            "doi": lambda text: [Value(literal(normal_doi(text)))],
            "arxiv": lambda text: [Value(literal(normal_arxiv(text)))],
        }

    def read(self, field: Field, text: str, kind: str) -> list[Value]:
        """Return the terms that the text stands for as a value of the field of a record of that kind."""
        text = text.strip()
        if not text:
            raise ValueError("the value is empty")
        if unfit := unfit_for_xml(text):
            raise ValueError(f"{text!r} holds {unfit}, which no XML can carry; delete it")
        special = self._by_key.get(field.key) or self._by_range.get(field.range or "")
        if special:
            return special(text)
        if not field.is_iri:
            return [Value(self._literal(field, text))]
        if field.kind or (field.base is None and SLUG.fullmatch(text)):
            return [Value(self.reference(field.kind or kind, field, text))]
        if field.base and "://" not in text:
            return [Value(iri(check_iri(field.base + text)))]
        return [Value(iri(source_iri(text, self._catalogue.spellings)))]

    def _literal(self, field: Field, text: str) -> Term:
        datatype = field.datatype
        if datatype == f"{XSD}integer":
            value = quantities.number(text)
            if value is None or value != value.to_integral_value():
                raise ValueError(f"{text!r} is not a whole number")
            return literal(f"{value:.0f}", datatype)
        if datatype == f"{XSD}boolean":
            if text.lower() not in _TRUE:
                raise ValueError(f"{text!r} is neither true nor false")
            return literal(_TRUE[text.lower()], datatype)
        return literal(text, datatype, field.language)

    def reference(self, kind: str, field: Field, text: str) -> Term:
        """Return the entity that a slug of ``kind``, or ``kind/slug``, names; it must have a record."""
        named_kind, _, slug = text.rpartition("/")
        kind = named_kind or kind
        allowed = work_kinds() if kind in work_kinds() else (kind,)
        if kind in all_kinds() and (not named_kind or field.kind is None or field.kind in allowed):
            if self._catalogue.has(kind, slug):
                return self._catalogue.term(self._catalogue.records[kind][slug])
            near = self._catalogue.nearest(kind, slug)
        else:
            raise ValueError(f"{text!r} is not a record of kind {field.kind or kind}")
        hint = f"nearest: {', '.join(near[:3])}" if near else f"add data/{kind}/{slug}.yaml"
        raise ValueError(f"there is no record {kind}/{slug}; {hint}")

    def quantities(self, text: str) -> list[Value]:
        """Return the quantities in the text."""
        find = self._catalogue.find
        amounts = quantities.quantities(
            text,
            lambda name: find("unit", name),
            self._catalogue.unit_label,
            lambda name: find("modality", name),
        )
        return [Value(quantity.term, tuple(quantity.triples())) for quantity in amounts]

    def unit_elsewhere(self, text: str, place: str) -> str | None:
        """Return what the place in the source says instead where it gives a number of the text another unit.

        None where it gives none, or the same among others.
        """

        def unit(name: str) -> str | None:
            return self._catalogue.find("unit", name)

        mentions = quantities.mentions(place, unit)
        for quantity in quantities.quantities(
            text, unit, self._catalogue.unit_label, lambda name: self._catalogue.find("modality", name)
        ):
            units = {slug for number, slug in mentions if number == quantity.value}
            if quantity.unit and units and quantity.unit not in units:
                return f"{quantity.number} {self._catalogue.unit_label(min(units))}"
        return None

    def hardware(self, text: str) -> list[Value]:
        """Return the accelerators in the text."""
        accelerators = quantities.hardware(text)
        return [Value(accelerators.term, tuple(accelerators.triples()))]

    def license(self, text: str) -> list[Value]:
        """Return a licence, by SPDX id, by record, or by an expression of SPDX ids."""
        term = self._catalogue.license_term(text)
        if term is None and (parsed := parse_expression(text)) is not None:
            node, triples = expression_term(parsed, self._catalogue.license_term)
            return [Value(node, tuple(triples))]
        if term is None:
            near = self._catalogue.nearest("license", text)
            raise ValueError(
                f"{text!r} is neither an SPDX id or expression nor a record of data/license/"
                + (f"; nearest: {', '.join(near)}" if near else "")
            )
        return [Value(term)]

    def person(self, name: str) -> Value:
        """Return a person, named by the name: same name, same person, until a record says otherwise."""
        known = self._catalogue.find("person", name)
        if known:
            return Value(entity("person", known))
        slug = slugify(name)
        if not slug:
            raise ValueError(f"{name!r} is not a person's name")
        node = entity("person", slug)
        return Value(node, ((node, A, own("Person")), (node, LABEL, literal(name))))


def resolutions(text: str) -> list[Value]:
    """Return input resolutions: ``24×128×128``, ``384, 64``, ``Adaptive``."""
    values = []
    for piece in re.split(r"\s*[,;]\s*", text):
        if piece.casefold() == "adaptive":
            values.append(Value(literal("adaptive")))
        elif range_ := re.fullmatch(r"(\d+)\s*[-–]\s*(\d+)", piece):  # both ends
            values += [Value(literal(end)) for end in range_.groups()]
        elif _EXTENTS.fullmatch(piece):
            values.append(Value(literal("x".join(_JOINT.split(piece)))))
        else:
            raise ValueError(f"{piece!r} is not a resolution such as 224×224, 24×128×128, 448 or Adaptive")
    return values


def years(text: str) -> list[Value]:
    """Return the years in ``2024``, ``2023-2024`` (both ends) or a date, ``2023-05``, ``2024/03/01``."""
    match = re.fullmatch(r"(\d{4})(?:\s*[-–/]\s*(\d{4})|[-/.](?:0?[1-9]|1[0-2])(?:[-/.]\d{1,2})?)?", text)
    if not match:
        raise ValueError(f"{text!r} is not a year such as 2024 or 2023-2024, nor a date such as 2023-05")
    return [Value(literal(year, f"{XSD}gYear")) for year in match.groups() if year]
