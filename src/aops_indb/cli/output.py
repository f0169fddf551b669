"""How results reach people and programs: tables and sentences, or one JSON document; progress on standard error."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

# Seconds of work before a progress bar appears.
PATIENCE = 1.0
# Columns of a console that is no terminal: programs that read it want whole lines.
_PIPE_WIDTH = 10_000


def show(result: Any, present: Callable[[Console], None], *, as_json: bool) -> None:
    """Show a result: as JSON, or the way `present` prints it."""
    if as_json:
        print(to_json(result))
    else:
        present(console())


def console(*, stderr: bool = False) -> Console:
    """A rich console; a pipe has no edge to wrap at."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    piped = not stream.isatty()
    width = _PIPE_WIDTH if piped else None
    return Console(file=stream, width=width, soft_wrap=piped, highlight=False, markup=False, emoji=False)


def to_json(result: Any) -> str:
    """A result as a JSON document; dataclasses become objects, times become text, NaN and infinity null."""
    return json.dumps(plain(result), indent=2, ensure_ascii=False, default=str, allow_nan=False)


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def print_table(out: Console, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table; on a terminal long cells are folded, nothing is cut off."""
    from rich.table import Column, Table

    table = Table(*(Column(name, overflow="fold") for name in columns), box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


def print_error(kind: str, message: str, *, as_json: bool) -> None:
    """An error: a sentence on standard error, with --json also a document on standard output."""
    print(f"aops: {message}", file=sys.stderr)
    if as_json:
        print(to_json({"error": {"kind": kind, "message": message}}))


@contextmanager
def progress(task: str = "working") -> Iterator[Callable[[str, float], None]]:
    """A report for workflows, drawn as a bar on standard error once the work has taken a while.

    task: what is told until the first report
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    bar = Progress(*columns, TimeElapsedColumn(), console=console(stderr=True), transient=True)
    tasks: dict[str, Any] = {}
    waiting = bar.add_task(task, total=None)

    def report(task: str, fraction: float) -> None:
        if task not in tasks:
            bar.update(waiting, visible=False)
            tasks[task] = bar.add_task(task, total=1.0)
        bar.update(tasks[task], completed=fraction)

    # a timer: the longest steps are those that report nothing while they run
    patience = threading.Timer(PATIENCE, bar.start)
    seen = bar.console.is_terminal
    if seen:
        patience.start()
    try:
        yield report
    finally:
        if seen:
            patience.cancel()
            patience.join()
            bar.stop()
