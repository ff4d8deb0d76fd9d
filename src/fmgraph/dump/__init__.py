"""Dumps: the dataset as files, and the service as a static site."""

from fmgraph.dump.files import CHECKSUMS, write_dumps
from fmgraph.dump.site import SiteReport, write_site
from fmgraph.dump.turtle import turtle

__all__ = ["CHECKSUMS", "SiteReport", "turtle", "write_dumps", "write_site"]
