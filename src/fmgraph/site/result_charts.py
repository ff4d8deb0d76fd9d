"""A result of two columns as a picture: bars for numbers of things, dots for pairs of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

#: Rows drawn: fewer need no picture, more are none to look at.
FEWEST, MOST_BARS, MOST_DOTS = 3, 60, 2000
#: Pixels: the picture's width, where bars begin, from bar to bar; height and margin of a picture of dots.
WIDTH, LEFT, STEP, HEIGHT, MARGIN = 720, 240, 22, 320, 44
#: Characters of a name beside its bar.
_LONGEST = 34
#: Pixels to the right of the longest bar, for its number.
_RIGHT = 70


class Named(Protocol):
    """A column: its words, and whether all its values are numbers."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def number(self) -> bool: ...  # noqa: D102


class Worded(Protocol):
    """A cell: its words, and where it leads."""

    @property
    def words(self) -> str: ...  # noqa: D102
    @property
    def href(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True)
class Bar:
    """One bar: whose, its number, and its place in pixels."""

    name: str
    words: str  #: of the number
    href: str | None
    y: float
    width: float


@dataclass(frozen=True)
class Chart:
    """A picture: bars, or dots with the ends of both axes."""

    title: str
    width: int
    height: int
    bars: Sequence[Bar] = ()
    dots: Sequence[tuple[float, float]] = ()
    x: tuple[str, str, str] = ("", "", "")  #: name, least, most
    y: tuple[str, str, str] = ("", "", "")


def chart(
    columns: Sequence[Named], rows: Sequence[Sequence[Any]], cells: Sequence[Sequence[Worded | None]]
) -> Chart | None:
    """Return the picture of two columns; None for other results, for very few rows and for too many."""
    if len(columns) != 2 or len(rows) < FEWEST or any(None in row for row in rows):
        return None
    numbers = [column.number for column in columns]
    if all(numbers) and len(rows) <= MOST_DOTS:
        return _dots(columns, rows)
    if any(numbers) and not all(numbers) and len(rows) <= MOST_BARS and len(cells) == len(rows):
        return _bars(columns, rows, cells, numbers.index(True))
    return None


def _bars(
    columns: Sequence[Named], rows: Sequence[Sequence[Any]], cells: Sequence[Sequence[Worded | None]], at: int
) -> Chart | None:
    values = [_float(row[at]) for row in rows]
    most = max(values)
    if min(values) < 0 or most <= 0 or not math.isfinite(most):
        return None
    bars = []
    for place, (row, value) in enumerate(zip(cells, values, strict=True)):
        name, number = row[1 - at], row[at]
        if name is None or number is None:
            return None
        width = round(value / most * (WIDTH - LEFT - _RIGHT), 1)
        bars.append(Bar(_short(name.words), number.words, name.href, place * STEP, width))
    title = f"{columns[at].title} by {columns[1 - at].title}"
    return Chart(title, WIDTH, len(bars) * STEP, bars=bars)


def _dots(columns: Sequence[Named], rows: Sequence[Sequence[Any]]) -> Chart | None:
    values = [[_float(row[at]) for row in rows] for at in (0, 1)]
    ends = [(min(some), max(some)) for some in values]
    if not all(math.isfinite(end) for pair in ends for end in pair) or any(low == high for low, high in ends):
        return None
    (left, right), (low, high) = ends
    dots = [
        (
            round(MARGIN + (x - left) / (right - left) * (WIDTH - 2 * MARGIN), 1),
            round(HEIGHT - MARGIN - (y - low) / (high - low) * (HEIGHT - 2 * MARGIN), 1),
        )
        for x, y in zip(*values, strict=True)
    ]
    x_title, y_title = columns[0].title, columns[1].title
    return Chart(
        f"{y_title} by {x_title}",
        WIDTH,
        HEIGHT,
        dots=dots,
        x=(x_title, f"{left:g}", f"{right:g}"),
        y=(y_title, f"{low:g}", f"{high:g}"),
    )


def _float(term: Any) -> float:
    try:
        return float(term.value)
    except ValueError:
        return math.nan


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"
