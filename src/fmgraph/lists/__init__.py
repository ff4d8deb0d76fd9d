"""Source lists: reading them as found in the wild, keeping them as CSV and YAML, and loading those.

=====================  ==================================================================
:mod:`~.importer`      Markdown → rows (:func:`import_list`)
:mod:`~.editions`      which row of a newer edition is which row of the older one
:mod:`~.write`         rows → ``data/list/<id>.csv`` and ``<id>.yaml`` (:func:`write_list`)
:mod:`~.load`          those two files → :class:`SourceList` (:func:`load_list`)
=====================  ==================================================================
"""

from __future__ import annotations

from fmgraph.lists.import_list import ImportedList, import_list
from fmgraph.lists.load_list import load_list, load_lists
from fmgraph.lists.source_list import (
    Column,
    ColumnSpec,
    Fact,
    NotRead,
    Reading,
    Row,
    SetAside,
    SourceList,
    Table,
)
from fmgraph.lists.write_list import ImportReport, Origin, write_list

__all__ = [
    "Column",
    "ColumnSpec",
    "Fact",
    "ImportReport",
    "ImportedList",
    "NotRead",
    "Origin",
    "Reading",
    "Row",
    "SetAside",
    "SourceList",
    "Table",
    "import_list",
    "load_list",
    "load_lists",
    "write_list",
]
