"""Processes, so that what one of them left undone is found when it is gone."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# States of a process that has ended, though whoever started it has not asked yet.
_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Process:
    """A process: the machine it runs on, its number there, and when it began, as that system tells it.

    >>> Process.this().is_gone
    False
    """

    host: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Process:
        """The one that asks."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()))

    @classmethod
    def of(cls, row: Any) -> Process:
        """The one that a row of job_runs or runs tells of."""
        return cls(row.host, row.pid, row.process_started)

    @property
    def columns(self) -> dict[str, Any]:
        """What such a row holds of it."""
        return {"host": self.host, "pid": self.pid, "process_started": self.started}

    @property
    def is_here(self) -> bool:
        """Whether it runs on this host; of another host's nothing is known."""
        return self.host == socket.gethostname() and not self.is_gone

    @property
    def is_gone(self) -> bool:
        """Whether it ran on this host and has ended; of another host's nothing is known."""
        return self.host == socket.gethostname() and _started(self.pid) != self.started


def _started(pid: int) -> str:
    """When a process began, as its system tells it; empty if there is none: numbers are used again, times are not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _exists(pid)
    # after the name in parentheses, which may hold anything: the state, and 19 words on the start in clock ticks
    words = stat.rpartition(")")[2].split()
    return "" if words[0] in _DEAD else words[19]


def _exists(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "running"
