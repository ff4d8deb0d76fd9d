"""Repositories on GitHub at a commit: licence, CITATION.cff, README.

https://docs.github.com/rest/licenses/licenses (answer of /repos/{owner}/{repo}/license),
https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from rapidfuzz import fuzz

from fmgraph.curation.metadata import MetadataFact, one_line, person
from fmgraph.text import match_key

_ENTRY = re.compile(r"@(?P<type>article|inproceedings|misc|incollection|conference)\s*\{", re.IGNORECASE)
_FIELD = re.compile(r"(?P<key>[a-z]+)\s*=\s*(?P<open>[{\"]?)", re.IGNORECASE)
#: From this likeness (0 to 100) on, an entry's title is the title looked for.
_SAME_TITLE = 92.0


def commit_of(text: str) -> list[str]:
    """Return the one commit, abbreviated, that an answer is about; raises ValueError where there is none."""
    try:
        return [str(json.loads(text)["sha"])[:7]]
    except (ValueError, KeyError, TypeError):
        raise ValueError("no answer about a commit: a JSON object with a sha") from None


def license_facts(text: str, repository: str, commit: str) -> list[MetadataFact]:
    """Return the licence of the code; [] where GitHub does not recognise it. Raises ValueError."""
    try:
        answer = json.loads(text)
        path, spdx = answer["path"], (answer.get("license") or {}).get("spdx_id")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("no answer about a licence: a JSON object with a path") from None
    if not spdx or spdx == "NOASSERTION":
        return []
    return [MetadataFact("code_license", spdx, f"github:{repository}@{commit}:{path}", "licence file")]


def citation_facts(text: str, repository: str, commit: str) -> list[MetadataFact]:
    """Return what CITATION.cff says of the paper (``preferred-citation``) and of the code's licence.

    Without a preferred citation the file is about the software and says nothing of a paper.
    Raises ValueError where the text is no mapping in YAML.
    """
    try:
        root = yaml.safe_load(text)
    except yaml.YAMLError:
        root = None
    if not isinstance(root, dict):
        raise ValueError("no CITATION.cff: malformed YAML, or no mapping")
    return list(_citation(root, f"github:{repository}@{commit}:CITATION.cff"))


def _citation(root: Mapping[str, Any], source: str) -> Iterator[MetadataFact]:
    if licence := _text(root.get("license")):
        yield MetadataFact("code_license", licence, source, "license")
    paper = root.get("preferred-citation")
    if not isinstance(paper, dict):
        return
    for key, name in (("title", "title"), ("doi", "doi"), ("year", "year"), ("journal", "published_in")):
        if value := _text(paper.get(key)):
            yield MetadataFact(name, value, source, f"preferred-citation, {key}")
    for author in paper.get("authors") or ():
        parts = {key: _text(value) for key, value in author.items()} if isinstance(author, dict) else {}
        family = " ".join(filter(None, (parts.get("name-particle"), parts.get("family-names"))))
        if name := person(parts.get("given-names"), family, parts.get("name")):
            yield MetadataFact("author", name, source, "preferred-citation, authors")


def _text(value: object) -> str:
    return one_line(str(value)) if isinstance(value, str | int) else ""


def readme_facts(text: str, repository: str, commit: str, title: str) -> list[MetadataFact]:
    """Return the repository's address, and what a BibTeX entry with that title says of the paper."""
    source = f"github:{repository}@{commit}:README.md"
    facts = [MetadataFact("code", f"https://github.com/{repository}", source, "the repository itself")]
    for entry in bibtex_entries(text):
        if title and fuzz.ratio(match_key(entry.get("title", "")), match_key(title)) >= _SAME_TITLE:
            return facts + list(_bibtex(entry, source))
    return facts


def _bibtex(entry: Mapping[str, str], source: str) -> Iterator[MetadataFact]:
    at = "citation given in the README"
    yield MetadataFact("title", entry["title"], source, at)
    authors = re.split(r"\s+and\s+", entry.get("author", ""))
    for author in authors if "others" not in authors else ():
        if name := person(None, None, author):
            yield MetadataFact("author", name, source, at)
    for key, name in (
        ("year", "year"),
        ("doi", "doi"),
        ("journal", "published_in"),
        ("booktitle", "published_in"),
    ):
        if entry.get(key) and "arxiv" not in entry[key].casefold():
            yield MetadataFact(name, entry[key], source, at)


def bibtex_entries(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each BibTeX entry in a text, values without their braces; keys in lower case."""
    for match in _ENTRY.finditer(text):
        body = _braced(text, match.end() - 1)
        fields = {}
        position = 0
        while body and (field := _FIELD.search(body, position)):
            start = field.end() - len(field["open"])
            if field["open"] == "{":
                value = _braced(body, start)
                position = start + len(value) + 2
            else:
                end = body.find('"' if field["open"] else ",", field.end())
                value = body[field.end() : end if end >= 0 else len(body)]
                position = field.end() + len(value) + 1
            fields[field["key"].lower()] = one_line(re.sub(r"[{}]|\\[&%]?", _unescaped, value))
        yield fields


def _unescaped(match: re.Match[str]) -> str:
    return match[0][1:] if match[0].startswith("\\") else ""


def _braced(text: str, start: int) -> str:
    """Return what stands between the brace at ``start`` and the one that closes it; "" where none does."""
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return text[start + 1 : position]
    return ""
