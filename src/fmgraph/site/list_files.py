"""A list as files, as published or corrected, and what its maintainer may want to change.

``/list/{slug}.md`` and ``.csv`` are the rows as the list has them, ``?corrected`` with the right values;
``/list/{slug}/report`` says cell by cell what is wrong or missing, ``report.md`` ready to be sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.lists import export_list, feedback_markdown
from fmgraph.lists.export_list import Listing, list_rows
from fmgraph.lists.list_feedback import Feedback, Suggestion, feedback
from fmgraph.lists.list_patch import changed_cell
from fmgraph.rdf.formats import RESULTS, Format
from fmgraph.site.correction_pages import issue_path
from fmgraph.site.page_context import Site

MARKDOWN = Format("markdown", "Markdown", "text/markdown", "md")
CSV = next(form for form in RESULTS if form.name == "csv")


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/list/<slug>.md")
    def as_markdown(slug: str) -> Response:
        return site.answer(export_list.to_markdown(_listing(site, slug)).encode(), MARKDOWN)

    @pages.get("/list/<slug>.csv")
    def as_csv(slug: str) -> Response:
        return site.answer(export_list.to_csv(_listing(site, slug)).encode(), CSV)

    @pages.get("/list/<slug>/report.md")
    def report_markdown(slug: str) -> Response:
        return site.answer(feedback_markdown.to_markdown(feedback_of(site, slug)).encode(), MARKDOWN)

    @pages.get("/list/<slug>/report")
    def report(slug: str) -> Response:
        list_feedback = feedback_of(site, slug)
        here = site.links.absolute(site.links.path("list", slug, "report"))
        body = f"{len(list_feedback.corrections)} corrections, each with its source: {here}"
        return site.page(
            "list_report.html",
            slug=slug,
            list_feedback=list_feedback,
            sections=(
                ("corrections", "Corrections", list_feedback.corrections),
                ("gaps", "Gaps", list_feedback.gaps),
            ),
            issue=issue_path(_home(list_feedback), "Corrections", body) if _home(list_feedback) else None,
            view=site.view(one.row for one in list_feedback.suggestions),
        )


def feedback_of(site: Site, slug: str) -> Feedback:
    """Return what may be changed in a list; raises NotFoundError for one that is not there."""
    return _feedback(site, slug, str(site.engine.meta.digest))


@lru_cache(maxsize=64)
def _feedback(site: Site, slug: str, digest: str) -> Feedback:  # noqa: ARG001 - of one dataset
    return feedback(site.engine, slug)


def _listing(site: Site, slug: str) -> Listing:
    listing = list_rows(site.engine, slug)
    if "corrected" not in request.args:
        return listing
    return corrected(listing, feedback_of(site, slug).corrections)


def corrected(listing: Listing, corrections: Iterable[Suggestion]) -> Listing:
    """Return the list with each correction applied that has one right value and one place in its cell."""
    cells: dict[tuple[int, str], list[Suggestion]] = {}
    for one in corrections:
        cells.setdefault((one.position, one.header), []).append(one)
    tables = []
    for table in listing.tables:
        rows = []
        for position, row in zip(table.positions, table.rows, strict=True):
            new_row = list(row)
            for at, header in enumerate(table.headers):
                for one in cells.get((position, header), ()):
                    new = changed_cell(new_row[at], one) if len(one.right) == 1 else None
                    new_row[at] = new_row[at] if new is None else new
            rows.append(tuple(new_row))
        tables.append(replace(table, rows=tuple(rows)))
    return replace(listing, tables=tuple(tables))


def _home(list_feedback: Feedback) -> str:
    """Return the address of the list's repository, where it is on GitHub."""
    parts = (list_feedback.source or "").split("/")
    return "/".join(parts[:5]) if len(parts) >= 5 and parts[2] == "github.com" else ""
