"""The command group; each family of commands has its own module, imported when one of them is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from fmgraph import __version__
from fmgraph.errors import FmgraphError, UsageError

#: Module of each command. The modules need half a second to import (SHACL, identifiers, web server), so that
#: none is imported for another's sake.
_MODULES = {
    "import": "data_commands",
    "build": "data_commands",
    "check": "data_commands",
    "report": "data_commands",
    "match": "curation_commands",
    "draft": "curation_commands",
    "review": "curation_commands",
    "gaps": "curation_commands",
    "query": "query_commands",
    "queries": "query_commands",
    "lineage": "query_commands",
    "list": "query_commands",
    "dump": "publish_commands",
    "diff": "publish_commands",
    "release": "publish_commands",
    "patch": "publish_commands",
    "publish": "publish_commands",
    "serve": "serve_command",
    "mcp": "mcp_command",
}

#: Characters of a text that a message repeats.
_SHOWN = 80


class _Group(click.Group):
    """A group whose commands end in one clear line, not in a traceback, when fmgraph refuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        module = import_module(f"fmgraph.cli.{_MODULES[cmd_name]}")
        commands: tuple[click.Command, ...] = module.COMMANDS
        return next(command for command in commands if command.name == cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # the reader has left: click ends quietly
        except UnicodeEncodeError as error:
            # An argument, or a file's content, with bytes that are no text: no file, name or query has them.
            click.echo(f"fmgraph: {_beginning(error.object)} is not Unicode text ({error.reason})", err=True)
            sys.exit(2)
        except OSError as error:  # a full disk, a folder that cannot be written
            place = f"{error.filename}: " if error.filename is not None else ""
            click.echo(f"fmgraph: {place}{error.strerror or error}", err=True)
            sys.exit(1)
        except FmgraphError as error:
            click.echo(f"fmgraph: {error}", err=True)
            sys.exit(2 if isinstance(error, UsageError) else 1)


def _beginning(text: str) -> str:
    """Return the beginning of a text, in quotes, with escapes for what cannot be printed."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fmgraph")
def main() -> None:
    """Build, check, query and serve a knowledge graph of medical foundation models."""
