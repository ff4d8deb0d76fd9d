"""The command group; each family of commands has its own module."""

from __future__ import annotations

import sys
from typing import Any

import click

from fmgraph import __version__
from fmgraph.cli.ask import COMMANDS as ASK
from fmgraph.cli.data import COMMANDS as DATA
from fmgraph.cli.out import COMMANDS as OUT
from fmgraph.cli.serve import COMMANDS as SERVE
from fmgraph.errors import FmgraphError, UsageError


class _Group(click.Group):
    """A group whose commands end in one clear line, not in a traceback, when fmgraph refuses."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FmgraphError as error:
            click.echo(f"fmgraph: {error}", err=True)
            sys.exit(2 if isinstance(error, UsageError) else 1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fmgraph")
def main() -> None:
    """Build, check, query and serve a knowledge graph of medical foundation models."""


for _command in (*DATA, *ASK, *OUT, *SERVE):
    main.add_command(_command)
