"""Folders that servers of the tests' own keep their files in."""

from __future__ import annotations

import atexit
import tempfile


def folder_until_exit(prefix: str) -> str:
    """A new folder, which goes when this process ends, after the servers that were started in it."""
    folder = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return folder.name
