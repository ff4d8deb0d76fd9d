"""The redirects of w3id.org: in Apache where there is one, and in an interpreter of the directives used."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmgraph.ontology import all_kinds
from fmgraph.rdf.store import dataset_of_files
from fmgraph.settings import Settings
from fmgraph.site import create_app

ROOT = Path(__file__).resolve().parent.parent
HTACCESS = ROOT / "docs" / "w3id" / ".htaccess"
SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
HOME = "https://fmgraph.example.org"
APACHE = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
MODULES = Path("/usr/lib/apache2/modules")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

CASES = [
    ("model/retfound", None, "/model/retfound"),
    ("model/retfound", "*/*", "/model/retfound"),
    ("model/retfound", BROWSER, "/model/retfound"),
    ("model/retfound", "text/turtle", "/model/retfound.ttl"),
    ("model/retfound", "TEXT/Turtle", "/model/retfound.ttl"),
    ("model/retfound", "text/turtle, */*;q=0.1", "/model/retfound.ttl"),
    ("model/retfound", "text/turtle;q=0.9", "/model/retfound.ttl"),
    ("model/retfound", "application/rdf+xml", "/model/retfound.rdf"),
    ("model/retfound", "application/ld+json", "/model/retfound.jsonld"),
    (
        "model/retfound",
        'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
        "/model/retfound.jsonld",
    ),
    ("model/retfound", "application/n-triples", "/model/retfound.nt"),
    ("model/retfound", "text/turtle, application/rdf+xml", "/model/retfound"),
    ("model/retfound", "text/html;q=0.5, text/turtle", "/model/retfound"),
    ("model/retfound", "text/turtle;q=0, */*", "/model/retfound"),
    ("model/retfound", "text/turtle;q=0.000", "/model/retfound"),
    ("model/retfound", "application/json", "/model/retfound"),
    ("model/retfound", "image/png", "/model/retfound"),
    ("model/retfound.ttl", BROWSER, "/model/retfound.ttl"),
    ("row/plm2233-2025-12-14", "text/turtle", "/row/plm2233-2025-12-14.ttl"),
    ("claim/0123456789abcdef0123", "application/n-triples", "/claim/0123456789abcdef0123.nt"),
    ("ns", "text/turtle", "/ns.ttl"),
    ("ns", BROWSER, "/ns"),
    ("ns", "application/rdf+xml", "/ns.rdf"),
    ("ns/", "text/turtle", "/ns.ttl"),
    ("ns/0.1.0", "text/turtle", "/ns/0.1.0"),
    ("ns/0.1.0", BROWSER, "/ns/0.1.0"),
    ("release/0.1.0", "text/turtle", "/release/0.1.0"),
    ("release/0.1.0/fmgraph.ttl.gz", None, "/release/0.1.0/fmgraph.ttl.gz"),
    ("void", "text/turtle", "/void"),
    ("dump/", BROWSER, "/dump/"),
    ("dump/fmgraph.ttl.gz", "text/turtle", "/dump/fmgraph.ttl.gz"),
    ("sparql?query=ASK%7B%7D", "text/turtle", "/sparql?query=ASK%7B%7D"),
    ("", BROWSER, "/"),
    ("model/", BROWSER, "/model/"),
    ("model/?year=2025", BROWSER, "/model/?year=2025"),
    ("queries/leaks", BROWSER, "/queries/leaks"),
    ("problem/busy", "text/turtle", "/problem/busy"),
]


def interpret(path: str, accept: str | None) -> str | None:
    """Return where the rules lead, as mod_rewrite reads them: RewriteCond, RewriteRule with E, R, L, NC."""
    path, question, query = path.partition("?")
    environment: dict[str, str] = {}
    holds = True
    for line in HTACCESS.read_text("utf-8").splitlines():
        words = line.split()
        if not words or words[0] not in ("RewriteCond", "RewriteRule"):
            continue
        directive, test, pattern, *rest = words
        flags = (rest[0] if rest else "[]").strip("[]").split(",")
        if directive == "RewriteCond":
            assert test == "%{HTTP:Accept}"
            found = re.search(pattern.lstrip("!"), accept or "", re.IGNORECASE if "NC" in flags else 0)
            holds = holds and bool(found) != pattern.startswith("!")
            continue
        applies, holds = holds, True
        match = re.search(test, path)
        if not applies or match is None:
            continue
        for flag in flags:
            if flag.startswith("E="):
                name, _, value = flag[2:].partition(":")
                environment[name] = value
        if pattern != "-":
            target = re.sub(r"%\{ENV:(\w+)\}", lambda m: environment.get(m[1], ""), pattern)
            target = re.sub(r"\$(\d)", lambda m: match[int(m[1])], target)  # noqa: B023
            assert {"R=303", "L"} <= set(flags)
            return target + question + query
    return None


@pytest.mark.parametrize(("path", "accept", "target"), CASES)
def test_the_rules_lead_to_the_service(path: str, accept: str | None, target: str) -> None:
    assert interpret(path, accept) == HOME + target


@pytest.mark.parametrize("path", ["model/../../etc?x", "a b", "model/%0d%0aX:1", "<script>", "x\\y"])
def test_odd_paths_are_not_redirected(path: str) -> None:
    found = interpret(path, None)
    assert found is None or found.startswith(HOME + "/")
    assert found is None or not re.search(r"[\s<>\\%]", found)


def test_every_kind_is_redirected_and_every_suffix_is_served() -> None:
    client = create_app(dataset_of_files([SAMPLE]), Settings()).test_client()
    for kind in all_kinds():
        assert interpret(f"{kind}/some-thing", "text/turtle") == f"{HOME}/{kind}/some-thing.ttl"
    for accept in ("text/turtle", "application/rdf+xml", "application/ld+json", "application/n-triples"):
        for path in ("model/retfound", "ns"):
            target = interpret(path, accept)
            assert target is not None
            answer = client.get(target.removeprefix(HOME), headers={"Accept": accept})
            assert (answer.status_code, answer.mimetype) == (200, accept)


@pytest.fixture(scope="module")
def apache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if APACHE is None or not MODULES.is_dir():
        pytest.skip("needs apache2; the interpreter has tested the rules")
    home = tmp_path_factory.mktemp("apache")
    (home / "www" / "fmgraph").mkdir(parents=True)
    shutil.copy(HTACCESS, home / "www" / "fmgraph" / ".htaccess")
    for folder in (home, home / "www", home / "www" / "fmgraph"):
        folder.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    names = ("mpm_event", "authz_core", "rewrite", "headers", "setenvif")
    loads = [f"LoadModule {n}_module {MODULES / f'mod_{n}.so'}" for n in names]
    user = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    config = [
        *loads,
        *user,
        f"ServerRoot {home}",
        f"PidFile {home / 'pid'}",
        f"Listen 127.0.0.1:{port}",
        "ServerName localhost",
        f"ErrorLog {home / 'error.log'}",
        f"DocumentRoot {home / 'www'}",
        f"<Directory {home / 'www'}>",
        "AllowOverride All",
        "Require all granted",
        "Options +FollowSymLinks",
        "</Directory>",
    ]
    (home / "apache.conf").write_text("\n".join(config) + "\n", "utf-8")
    for parent in home.parents:  # Apache's own user must reach the folder
        if parent.owner() == home.owner() and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
        if parent == Path("/tmp"):
            break
    server = subprocess.Popen([APACHE, "-X", "-f", str(home / "apache.conf")])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "accept", "target"), CASES)
def test_apache_answers_the_same(
    apache: int, method: str, path: str, accept: str | None, target: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", apache, timeout=10)
    try:
        connection.request(method, f"/fmgraph/{path}", headers={"Accept": accept} if accept else {})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (303, HOME + target)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert {part.strip() for part in ",".join(answer.headers.get_all("Vary", [])).split(",")} == {
            "Accept"
        }
    finally:
        connection.close()
