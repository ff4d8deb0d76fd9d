"""SPDX licence expressions: ``MIT OR Apache-2.0``, ``GPL-2.0-only WITH Classpath-exception-2.0``.

https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

from fmgraph.rdf.terms import LABEL, A, Term, Triple, entity, literal, own
from fmgraph.text import slugify

#: What joins the parts of an expression, and the property by which the whole names them.
_JOINED = {"OR": own("anyOf"), "AND": own("allOf")}


@lru_cache(maxsize=1)
def _licensing() -> Any:
    return get_spdx_licensing()


def parse_expression(text: str) -> Any | None:
    """Return the parse tree of an expression of SPDX ids, in its normal order; None for other text."""
    if not any(f" {word} " in f" {text.upper()} " for word in (*_JOINED, "WITH")):
        return None
    try:
        return _licensing().parse(text, validate=True, strict=True).simplify()
    except (ExpressionError, AttributeError):  # the second: boolean.py on text that it cannot tokenise
        return None


def expression_term(parsed: Any, term_of: Any) -> tuple[Term, list[Triple]]:
    """Return the node of a parsed expression and its triples; ``term_of`` gives the term of an SPDX id.

    Equal expressions are one node, whatever the order and case in which they were written.
    """
    text = parsed.render()
    joined = _JOINED.get(getattr(parsed, "operator", "").strip())
    if joined is None and not hasattr(parsed, "license_symbol"):
        return term_of(parsed.key), []
    slug = slugify(text)
    if "(" in text:  # which a slug cannot tell
        slug += f"-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
    node = entity("license", slug)
    triples: list[Triple] = [(node, A, own("License")), (node, LABEL, literal(text))]
    for part in parsed.args if joined else ():
        member, below = expression_term(part, term_of)
        triples += [(node, joined or "", member), *below]
    return node, triples
