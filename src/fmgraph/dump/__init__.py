"""Dumps: the dataset as files, and as a static site."""

from fmgraph.dump.files import CHECKSUMS, write_dumps
from fmgraph.dump.turtle import turtle

__all__ = ["CHECKSUMS", "turtle", "write_dumps"]
