"""The service's settings: one frozen object, made once and handed down; nothing is read at import time.

Each field has a help text (``field.metadata["help"]``), from which the table in ``docs/settings.md`` and
``fmgraph serve --help`` are made. :meth:`Settings.from_env` reads ``FMGRAPH_<FIELD>`` variables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fmgraph.errors import UsageError
from fmgraph.rdf.prefixes import BASE

#: As granian has them.
LOG_LEVELS = ("critical", "error", "warning", "warn", "info", "debug", "notset")
_TYPES = {int: "a whole number", float: "a number", str: "text"}


def _setting(default: Any, help_text: str, least: float | None = None, most: float | None = None) -> Any:
    return field(default=default, metadata={"help": help_text, "least": least, "most": most})


@dataclass(frozen=True)
class Settings:
    """Everything a deployment can set; the defaults suit two cores and a public endpoint."""

    base_url: str = _setting(
        "",
        "Public URL of the service, e.g. https://example.org/; links are made under it, never from Host. "
        "Empty: links are relative.",
    )
    entity_base: str = _setting(BASE, "Base of the entity IRIs in the data.")
    repository: str = _setting(
        "",
        "Web address of the data's repository, e.g. https://github.com/owner/name: pages then link to edit a "
        "record or open an issue. Empty: they give lines of YAML to copy.",
    )
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on.", 0, 65_535)
    proxies: int = _setting(
        0, "Proxies in front of the service that add to X-Forwarded-For; 0 believes nobody's.", 0, 16
    )
    workers: int = _setting(2, "HTTP worker processes.", 1, 256)
    threads: int = _setting(
        128, "Threads in each HTTP worker for queries; they only wait for evaluators.", 1, 4_096
    )
    evaluators: int = _setting(2, "Evaluator processes for quick queries.", 1, 256)
    slow_evaluators: int = _setting(
        2, "Further evaluator processes for queries that turn out to be slow.", 1, 256
    )
    quick_seconds: float = _setting(0.25, "A query running longer gives up its quick place.", 0.001, 3600)
    timeout_seconds: float = _setting(10.0, "A query running longer is ended: 503.", 0.01, 86400)
    memory_mb: int = _setting(1024, "Memory an evaluator may take beyond the dataset: 503.", 16, 1_048_576)
    result_mb: int = _setting(64, "Largest result sent: 413.", 1, 65_536)
    query_kb: int = _setting(256, "Largest query text taken: 413.", 1, 1_048_576)
    query_depth: int = _setting(64, "Deepest nesting of groups and parentheses taken: 400.", 1, 1_000)
    query_terms: int = _setting(4000, "Most terms (tokens) of one query taken: 400.", 10, 1_000_000_000)
    query_chain: int = _setting(
        1000, "Longest chain of operators or path steps taken: 400.", 10, 1_000_000_000
    )
    query_patterns: int = _setting(
        100, "Most triple patterns and path steps taken (planning takes their cube): 400.", 1, 1_000_000
    )
    query_variables: int = _setting(500, "Most distinct variables taken: 400.", 1, 1_000_000)
    queue: int = _setting(256, "Queries that may wait for a place; one more: 503.", 0, 1_000_000)
    queue_seconds: float = _setting(10.0, "How long a query may wait for a place: 503.", 0.01, 86400)
    client_share: int = _setting(64, "Queries one client address may have waiting or running.", 1, 1_000_000)
    penalty_seconds: float = _setting(60.0, "How long a query that ran into a limit is refused.", 0, 86_400)
    cache_mb: int = _setting(64, "Response cache of each HTTP worker.", 0, 1_048_576)
    remote_refresh_seconds: float = _setting(
        60.0, "How often the endpoint of serve --endpoint is asked whether its data has changed.", 0.01, 86400
    )
    releases: str = _setting(
        "", "Folder of releases that fmgraph release wrote, for /release/. Empty: none are kept."
    )
    service_allow: tuple[str, ...] = _setting((), "Endpoints that SERVICE may call (comma-separated IRIs).")
    log_level: str = _setting("info", "Log level of the server.")

    def __post_init__(self) -> None:
        """Raise UsageError for a value out of bounds, so that none is found out at the first request."""
        for one in fields(self):
            least, most, value = one.metadata["least"], one.metadata["most"], getattr(self, one.name)
            if least is not None and not least <= value <= most:
                raise UsageError(f"{variable(one.name)} must be from {least:,} to {most:,}, not {value}")
        if self.log_level not in LOG_LEVELS:
            levels = ", ".join(LOG_LEVELS)
            raise UsageError(f"{variable('log_level')} must be one of {levels}, not {self.log_level!r}")
        if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?[/#]", self.entity_base):
            name, base = variable("entity_base"), self.entity_base
            raise UsageError(f"{name} must be an http(s) IRI that ends in / or #, not {base!r}")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Return settings from ``FMGRAPH_*`` variables, then ``overrides`` (None values are ignored).

        Raises UsageError for an unknown variable, a value of the wrong type or one out of bounds.
        """
        environ = os.environ if environ is None else environ
        by_variable = {variable(f.name): f for f in fields(cls)}
        values: dict[str, Any] = {}
        for name, text in environ.items():
            if not name.startswith("FMGRAPH_"):
                continue
            setting = by_variable.get(name)
            if setting is None:
                raise UsageError(f"{name} is not a setting; the settings are {', '.join(by_variable)}")
            values[setting.name] = _parse(name, text, setting.default)
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(**values)


def variable(name: str) -> str:
    """Return the variable of the environment that gives a setting."""
    return f"FMGRAPH_{name.upper()}"


def _parse(name: str, text: str, default: Any) -> Any:
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return type(default)(text)
    except ValueError:
        raise UsageError(f"{name} must be {_TYPES[type(default)]}, not {text!r}") from None
