"""The tables of docs/performance.md that bench.features writes: `python -m bench.features_page` from kept figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "features.json"
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
# ways of the task that keeps a history: at first, and of what is new
ALL, MORE = "99 % of it", "1 % more"
BEGIN, END = "<!-- written by bench.features -->\n", "<!-- end of what bench.features wrote -->"


def write_page(results: Mapping[str, Any]) -> None:
    """Put the tables of all sizes where the page has its marks."""
    text = PAGE.read_text(encoding="utf-8")
    inside = "\n".join(line for size, found in results.items() for line in (*table(size, found), ""))
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    PAGE.write_text(f"{text[:before]}\n{inside}{text[after:]}", encoding="utf-8")


def table(size: str, found: Mapping[str, Any]) -> Iterator[str]:
    """Lines of Markdown: a row for each way."""
    yield f"**{size}**"
    yield ""
    yield "| what | way | algorithm | seconds of CPU | on the clock | peak MB | times ours: CPU | clock |"
    yield f"|{' --- |' * 8}"
    for what, ways in found.items():
        first = next(way for way in ("ours", ALL) if way in ways)
        ours = {kind: _least(ways[first], kind) for kind in ("cpu", "wall")}
        for way, runs in ways.items():
            if "failed" in runs[0]:
                yield f"| {what} | {way} | | failed: {runs[0]['failed']} | | | | |"
                continue
            cpu = [run["cpu"] for run in runs]
            cells = [
                what,
                way,
                runs[0].get("algorithm", ""),
                f"{min(cpu):.2f} (+{max(cpu) - min(cpu):.2f})",
                f"{min(run['wall'] for run in runs):.2f}",
                f"{max(run['peak_mb'] for run in runs):,.0f}",
                *("" if way == first else f"{_least(runs, kind) / ours[kind]:.2f}" for kind in ours),
            ]
            yield f"| {' | '.join(cells)} |"


def _least(runs: list[dict[str, Any]], kind: str) -> float:
    return min(float(run[kind]) for run in runs)


if __name__ == "__main__":
    write_page(json.loads(RESULTS.read_text(encoding="utf-8")))
