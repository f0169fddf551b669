"""The tables of docs/performance.md that bench.features writes: `python -m bench.features_page` from kept figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "features.json"
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
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
    yield "| what | way | algorithm | seconds of CPU | on the clock | peak MB | times ours |"
    yield f"|{' --- |' * 7}"
    for what, ways in found.items():
        ours = _least(ways.get("ours", []))
        for way, runs in ways.items():
            if "failed" in runs[0]:
                yield f"| {what} | {way} | | failed: {runs[0]['failed']} | | | |"
                continue
            cpu = [run["cpu"] for run in runs]
            cells = [
                what,
                way,
                runs[0].get("algorithm", ""),
                f"{min(cpu):.2f} (+{max(cpu) - min(cpu):.2f})",
                f"{min(run['wall'] for run in runs):.2f}",
                f"{max(run['peak_mb'] for run in runs):,.0f}",
                f"{min(cpu) / ours:.2f}" if ours and way != "ours" else "",
            ]
            yield f"| {' | '.join(cells)} |"


def _least(runs: list[dict[str, Any]]) -> float:
    return min((run["cpu"] for run in runs if "cpu" in run), default=0.0)


if __name__ == "__main__":
    write_page(json.loads(RESULTS.read_text(encoding="utf-8")))
