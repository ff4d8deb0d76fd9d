"""Text to copy: BibTeX of a paper, loading a model, the ways to ask for a result elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

_TEX = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
#: Longer addresses are no link that a mail program keeps whole.
_LONGEST_LINK = 2000

#: Functions that return more than the model.
_RETURNED = {
    "conch.open_clip_custom.create_model_from_pretrained": "model, preprocess",
    "kronos.create_model_from_pretrained": "model, precision, embedding_dim",
    "open_clip.create_model_from_pretrained": "model, preprocess",
}


def tex(text: str) -> str:
    """Return the text with TeX's special characters escaped, on one line."""
    return "".join(_TEX.get(char, char) for char in " ".join(text.split()))


def bibtex(
    slug: str, facts: Mapping[str, Sequence[str]], authors: Sequence[str], venue: tuple[str, str]
) -> str:
    """Return a BibTeX entry; ``facts`` by local name of the property, ``venue`` its label and type."""

    def first(name: str) -> str:
        return next(iter(facts.get(name, ())), "")

    name, venue_type = venue
    preprint = venue_type == "preprint-server" or not name
    in_book = venue_type in ("conference", "workshop")
    fields = {
        "title": f"{{{tex(first('title'))}}}",
        "author": " and ".join(tex(author) for author in authors),
        "booktitle" if in_book else "journal": "" if preprint else tex(name),
        "year": first("year"),
        "doi": tex(first("doi")),
        "eprint": first("arxiv"),
        "archiveprefix": "arXiv" if first("arxiv") else "",
    }
    entry = "misc" if preprint else "inproceedings" if in_book else "article"
    lines = [f"  {key} = {{{value}}}" for key, value in fields.items() if value and value != "{}"]
    return f"@{entry}{{{slug},\n" + ",\n".join(lines) + "\n}\n"


def loading(call: str) -> str:
    """Return Python that makes a call as ``fmg:loadedBy`` has it: the import and the call.

    What is imported is all before the first class in the name, or before the function.
    """
    name = call.partition("(")[0]
    parts = name.split(".")
    first_class = next((at for at, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return f"import {'.'.join(parts[:first_class])}\n\n{_RETURNED.get(name, 'model')} = {call}\n"


def use_of_address(url: str, *, graph: bool = False) -> list[tuple[str, str]]:
    """Return how to get the answer at an address: as a link, by curl, in Python and in R."""
    form = "turtle" if graph else "csv"
    there = f"{url}{'&' if '?' in url else '?'}format={form}"
    return [
        ("Link", url),
        ("curl", f"curl '{_shell(there)}'"),
        ("Python", f'from rdflib import Graph\n\ngraph = Graph().parse("{there}", format="turtle")' if graph
         else f'import pandas\n\ntable = pandas.read_csv("{there}")'),
        ("R", f'graph <- rdflib::rdf_parse("{there}", format = "turtle")' if graph
         else f'table <- read.csv("{there}")'),
    ]  # fmt: skip


def use_of_query(endpoint: str, query: str, *, graph: bool = False) -> list[tuple[str, str]]:
    """Return how to ask an endpoint the query: as a link where it is short, by curl, in Python and in R."""
    form = "turtle" if graph else "csv"
    page = f"{endpoint}?{urlencode({'query': query})}"
    quoted = query.replace("\\", "\\\\").replace('"""', '\\"""').strip()
    ask = f'"{endpoint}?" + urlencode({{"query": query, "format": "{form}"}})'
    read = f'Graph().parse({ask}, format="turtle")' if graph else f"pandas.read_csv({ask})"
    library = "from rdflib import Graph" if graph else "import pandas"
    fetched = f'paste0("{endpoint}?format={form}&query=", URLencode(query, reserved = TRUE))'
    in_r = (
        f'graph <- rdflib::rdf_parse({fetched}, format = "turtle")'
        if graph
        else f"table <- read.csv({fetched})"
    )
    link = [("Link", page)] if len(page) <= _LONGEST_LINK else []
    return [
        *link,
        ("curl", f"curl '{endpoint}?format={form}' --data-urlencode query='{_shell(query.strip())}'"),
        ("Python", f'from urllib.parse import urlencode\n\n{library}\n\nquery = """{quoted}"""\n{read}'),
        ("R", f'query <- r"---({query.strip()})---"\n{in_r}'),
    ]


def _shell(text: str) -> str:
    """Return the text as it stands between single quotes in a shell."""
    return text.replace("'", "'\\''")
