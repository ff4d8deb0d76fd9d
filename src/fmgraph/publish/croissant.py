"""The tables described for machine learning, as Croissant 1.1, and a folder that a data hub takes as it is.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html. The folder holds the tables, the
description, and a card with YAML metadata.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fmgraph.errors import UsageError
from fmgraph.publish.dataset_names import AUTHORS, DATA_LICENSE, DESCRIPTION, KEYWORDS, TITLE
from fmgraph.publish.tables import SEPARATOR, TABLES, Table, file_name, write_tables
from fmgraph.rdf.dataset_folders import digest
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import Dataset
from fmgraph.server.engine import InProcessEngine

NAME = "fmgraph-croissant.json"
_READING = f"Several values of a cell are separated by '{SEPARATOR}'; empty is unknown, not none."
_TYPES = {"text": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean"}
#: The context that the specification gives (section "Namespaces"), for the terms that are used here.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe(folder: Path, version: str, modified: str, prefix: str = "") -> dict[str, Any]:
    """Return the description of the tables in a folder; ``prefix`` leads from it to the files."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "fmgraph",
        "alternateName": TITLE,
        "description": f"{DESCRIPTION} {_READING}",
        "license": DATA_LICENSE,
        "url": BASE,
        "version": version,
        "datePublished": modified[:10],
        "creator": {"@type": "sc:Organization", "name": AUTHORS},
        "keywords": list(KEYWORDS),
        "citeAs": f"@misc{{fmgraph, title={{{TITLE}}}, author={{{AUTHORS}}}, "
        f"year={{{modified[:4]}}}, url={{{BASE}}}}}",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file_name(table, "parquet"),
                "name": file_name(table, "parquet"),
                "description": table.description,
                "contentUrl": prefix + file_name(table, "parquet"),
                "encodingFormat": "application/x-parquet",
                "contentSize": f"{(folder / file_name(table, 'parquet')).stat().st_size} B",
                "sha256": digest(folder / file_name(table, "parquet")),
            }
            for table in TABLES
        ],
        "recordSet": [_record_set(table) for table in TABLES],
    }


def _record_set(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "key": {"@id": f"{table.name}/{table.key}"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table.name}/{column.name}",
                "name": column.name,
                "description": column.description,
                "dataType": _TYPES[column.type],
                "source": {
                    "fileObject": {"@id": file_name(table, "parquet")},
                    "extract": {"column": column.name},
                },
            }
            for column in table.all_columns
        ],
    }


def write_hub_folder(dataset: Dataset, folder: Path) -> list[Path]:
    """Write a folder that a data hub takes as it is; raises UsageError where it is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty")
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    with InProcessEngine(dataset) as engine:
        files = list(write_tables(engine, data, plain=False))
    meta = dataset.meta
    described = json.dumps(describe(data, meta.version, meta.modified, "data/"), ensure_ascii=False, indent=1)
    (folder / "croissant.json").write_text(described + "\n", "utf-8")
    (folder / "README.md").write_text(card(meta.version, meta.modified), "utf-8")
    return [folder / "README.md", folder / "croissant.json", *files]


def card(version: str, modified: str) -> str:
    """Return the card of the data set: YAML metadata as the Hugging Face Hub reads it, and what is in it.

    https://huggingface.co/docs/hub/datasets-cards
    """
    configs = "".join(
        f"- config_name: {table.name}\n  data_files: data/{file_name(table, 'parquet')}\n"
        + ("  default: true\n" if table.name == "works" else "")
        for table in TABLES
    )
    rows = "".join(f"| `{table.name}` | {table.description} |\n" for table in TABLES)
    return (
        f"---\npretty_name: '{TITLE}'\nlicense: cc0-1.0\nlanguage:\n- en\n"
        "tags:\n- medical\n- foundation-models\n"
        f"- knowledge-graph\n- provenance\nsize_categories:\n- 10K<n<100K\nconfigs:\n{configs}---\n\n"
        f"# {TITLE}\n\n{DESCRIPTION}\n\nVersion {version} of {modified[:10]}. "
        f"Every claim has its source. {_READING}\n\n"
        f"| table | what |\n|---|---|\n{rows}\nThe graph itself, with SPARQL: {BASE}\n"
    )
