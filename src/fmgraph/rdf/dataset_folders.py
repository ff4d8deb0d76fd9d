"""A dataset's folder on disk: how it appears whole, how damage is noticed, and what ``current`` is.

``manifest.json`` names every file with its size and, up to 256 MB, its SHA-256; it is checked whenever the
dataset is opened (larger files by their size alone). All is flushed to disk before the folder gets its name.
Where there are no symbolic links, ``current`` is a file that holds the folder's name.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fmgraph.errors import UsageError

CURRENT, MANIFEST = "current", "manifest.json"
#: Files up to this many bytes are read when they are checked: a fifth of a second at most.
_HASHED = 256_000_000
_BUILDING, _REPLACED = ".building-", ".replaced-"
#: Seconds after which a folder that is half written is a leftover, where locks cannot tell.
_OLD = 86_400
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


def digest(path: Path | str) -> str:
    """Return the SHA-256 of a file in hex."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path) -> None:
    """Write the manifest of a complete folder and flush all of it to disk."""
    files = {
        path.relative_to(folder).as_posix(): _described(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MANIFEST, "LOCK")
    }
    (folder / MANIFEST).write_text(json.dumps(files, indent=1) + "\n", "utf-8")
    for path in [*folder.rglob("*"), folder]:
        flush(path)


def _described(path: Path) -> dict[str, object]:
    size = path.stat().st_size
    return {"size": size, "sha256": digest(path) if size <= _HASHED else None}


def check_whole(folder: Path) -> None:
    """Raise UsageError, naming the file, where a dataset's files are not those that were written.

    A folder without a manifest, which an earlier version wrote, is taken as it is.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return
    try:
        files = json.loads(manifest.read_text("utf-8"))
        for name, entry in files.items():
            path = folder / name
            size = path.stat().st_size
            if size != entry["size"]:
                raise _damaged(folder, f"{name} has {size:,} bytes, not {entry['size']:,}")
            if entry["sha256"] is not None and digest(path) != entry["sha256"]:
                raise _damaged(folder, f"{name} has been changed")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(folder, str(error)) from error


def _damaged(folder: Path, how: str) -> UsageError:
    return UsageError(f"{folder} is damaged ({how}): run fmgraph build again")


def flush(path: Path) -> None:
    """Have a file's or a folder's content written to disk (a folder's where the system can)."""
    if path.is_dir() and sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def building(directory: Path) -> Iterator[Path]:
    """Give a folder to build in, below ``directory``; what is left of it afterwards is removed.

    What others left half written there, since they were killed, is removed first.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(directory)
    folder = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=directory))
    folder.chmod(0o755)
    lock = _lock(folder)
    try:
        yield folder
    finally:
        if lock is not None:
            os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, target: Path) -> Path:
    """Give a sealed folder its name, in place of what had it, and point ``current`` beside it there."""
    if not target.exists():
        folder.rename(target)
    elif not _exchanged(folder, target):
        aside = Path(tempfile.mkdtemp(prefix=_REPLACED, dir=target.parent))
        target.rename(aside / target.name)
        folder.rename(target)
        shutil.rmtree(aside)
    _point(target.parent / CURRENT, target.name)
    flush(target.parent)
    return target


def swap_in(folder: Path, target: Path, ours: re.Pattern[str]) -> None:
    """Put a folder, built below ``target``, in place of ``target``: by one step where the system can.

    Files of ``target`` whose names ``ours`` does not match stay there. Where folders cannot be exchanged (the
    target is mounted, or is the current folder), the files are moved one by one, those in order of name.
    """
    target = target.resolve()
    if target != Path.cwd():
        beside = target.with_name(f"{_BUILDING}{target.name}-{os.getpid()}")
        with suppress(OSError):
            folder.rename(beside)
            if _exchanged(beside, target):
                for path in beside.iterdir():
                    if not ours.fullmatch(path.name) and not path.name.startswith(_BUILDING):
                        path.rename(target / path.name)
                shutil.rmtree(beside, ignore_errors=True)
                return
            beside.rename(folder)
    new = {path.name for path in folder.iterdir()}
    for name in sorted(new, reverse=True):
        (folder / name).replace(target / name)
    for path in target.iterdir():
        if path.name not in new and path.is_file() and ours.fullmatch(path.name):
            path.unlink()


def followed(path: Path) -> Path:
    """Return the folder that ``current`` leads to: through the link, or through the name in the file."""
    if path.name == CURRENT and path.is_file():
        return path.with_name(path.read_text("utf-8").strip())
    return path


def _point(link: Path, name: str) -> None:
    draft = link.with_name(f".{link.name}-{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        draft.symlink_to(name)
    except (OSError, NotImplementedError):  # Windows lets few make symbolic links
        draft.write_text(name + "\n", "utf-8")
    draft.replace(link)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux); False where the system cannot."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(swap(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _lock(folder: Path) -> int | None:
    """Lock a folder as one that is being written; None where that cannot be, or somebody has it."""
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_leftovers(directory: Path) -> None:
    """Remove what killed processes left; put back what one of them had just moved aside."""
    for folder in directory.glob(f"{_REPLACED}*"):
        for dataset in folder.iterdir():
            if not (directory / dataset.name).exists():
                with suppress(OSError):
                    dataset.rename(directory / dataset.name)
        shutil.rmtree(folder, ignore_errors=True)
    for folder in directory.glob(f"{_BUILDING}*"):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
        elif sys.platform == "win32" and time.time() - folder.stat().st_mtime > _OLD:
            shutil.rmtree(folder, ignore_errors=True)
    for link in directory.glob(f".{CURRENT}-*"):
        number = link.name.rpartition("-")[2]
        if number != str(os.getpid()) and time.time() - link.lstat().st_mtime > 60:
            link.unlink(missing_ok=True)
