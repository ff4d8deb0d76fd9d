"""Writing several files so that a reader sees the old or the new ones, never half of one."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from fmgraph.errors import UsageError


def replace_files(texts: Mapping[Path, str]) -> None:
    """Write each text beside its place, then rename all into place, in the order given.

    Raises UsageError, with the temporary files removed, where the folder cannot be written to.
    """
    temporary = {path: path.with_name(f".{path.name}.tmp") for path in texts}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary[path].write_text(text, encoding="utf-8", newline="")
        for path in texts:
            temporary[path].replace(path)
    except OSError as error:
        for path in temporary.values():
            with contextlib.suppress(OSError):  # the first error is the one to tell
                path.unlink()
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
