"""``/coverage``: how much is known of the works, by list, year, modality and property; also CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.answers.coverage import Coverage, coverage
from fmgraph.rdf.formats import HTML
from fmgraph.site.index_pages import CSV, JSON
from fmgraph.site.page_context import Site


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/coverage")
    @pages.get("/coverage.<suffix>")
    def how_much(suffix: str = "") -> Response:
        form = site.negotiate((HTML, CSV, JSON), suffix)
        report = coverage(site.engine)
        if form is CSV:
            return site.answer(as_csv(report).encode(), form)
        if form is JSON:
            return site.answer(
                (json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n").encode(), form
            )
        iris = [*(group.iri for group in report.groups if group.iri), *(one.iri for one in report.wanted)]
        view = site.view(iris)
        return site.page("coverage.html", coverage=report, view=view)


def as_csv(report: Coverage) -> str:
    """Return one line for each group (RFC 4180), with two columns for each property."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    columns = [f"{p.label}, {how}" for p in report.wanted for how in ("stated", "searched in vain")]
    fixed = ["by", "name", "iri", "rows", "rows skipped", "rows waiting", "works", "completeness"]
    table.writerow([*fixed, *columns])
    for one in report.groups:
        counts = [one.rows, one.skipped, one.waiting] if one.by == "list" else ["", "", ""]
        numbers = [number for pair in one.known for number in (pair.stated, pair.searched)]
        texts = [one.by, one.name, one.iri or "", *counts, one.works, f"{one.completeness:.3f}", *numbers]
        table.writerow(texts)
    return out.getvalue()
