"""Asking for decisions in a terminal, one item after the other."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fmgraph.curation.review_decisions import Decision, decision
from fmgraph.curation.review_list import Item
from fmgraph.errors import UsageError

_HELP = {
    "row": "accept | record KIND/SLUG | new | skip REASON | later | quit",
    "name": "accept | record KIND/SLUG (of which it is another name) | later | quit",
    "cell": "accept | record KIND/SLUG (there or new, that it names) | skip REASON | later | quit",
}
_SHORT = {"a": "accept", "r": "record", "n": "new", "s": "skip", "l": "later", "q": "quit", "": "later"}


def ask(items: Sequence[Item]) -> list[Decision]:
    """Show each item and return what was decided up to the end, or to ``quit``.

    Ctrl-C raises click.Abort: nothing is decided then.
    """
    decisions: list[Decision] = []
    for number, item in enumerate(items, 1):
        _show(item, number, len(items))
        answer = _answer(item)
        if answer == "quit":
            break
        if isinstance(answer, Decision):
            decisions.append(answer)
    return decisions


def _show(item: Item, number: int, total: int) -> None:
    click.echo()
    click.secho(f"{number}/{total}  {item.state}  {item.id}  {item.title}", bold=True)
    click.echo(f"  {item.record or 'no record'}  {item.label}  ({item.confidence:.2f})")
    for text in (item.cells, item.evidence):
        if text:
            click.echo(f"  {text}")


def _answer(item: Item) -> Decision | str | None:
    kind = item.state if item.state in ("name", "cell") else "row"
    while True:
        text = click.prompt(f"  {_HELP[kind]}", default="later", prompt_suffix="\n  > ", show_default=False)
        verb, _, rest = text.strip().partition(" ")
        verb, rest = _SHORT.get(verb.lower(), verb.lower()), rest.strip().removeprefix(":").strip()
        if verb == "quit":
            return verb
        record = item.record
        if verb == "record":
            verb, record, rest = "accept", rest, ""
        try:
            return decision(item.id, f"{verb}: {rest}" if rest else verb, record, item.label, kind)
        except UsageError as error:
            click.echo(f"  {error}")
