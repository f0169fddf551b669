"""Ctrl-C while an engine is at work."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c_calls(stop: Callable[[], object]) -> Iterator[None]:
    """While the block runs, Ctrl-C calls `stop` and then does what it did before.

    Python delivers signals to its main thread: in any other, and where Ctrl-C is ignored, nothing changes.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return

    def stop_first(signum: int, frame: FrameType | None) -> None:
        stop()
        previous(signum, frame)

    signal.signal(signal.SIGINT, stop_first)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is stop_first:
            signal.signal(signal.SIGINT, previous)
