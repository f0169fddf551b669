"""The figures of bench.forests as a table and a chart in docs/performance.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "forests.json"
DOCS = Path(__file__).parents[1] / "docs"
PAGE, CHART = DOCS / "performance.md", DOCS / "forests.svg"
BEGIN, END = "<!-- written by bench.forests -->\n", "<!-- end of what bench.forests wrote -->"
PEERS = ("library", "onnx")
CHARTED = "1,000,000 rows x 20, 2 threads"


def write_page(results: Mapping[str, Any]) -> None:
    """Put the tables of all settings, and the chart, where the page has its marks."""
    if any(CHARTED in setting for setting in results):
        draw(results[CHARTED])
    text = PAGE.read_text(encoding="utf-8")
    inside = "\n".join(
        line for setting in sorted(results, key=_size) for line in (*table(setting, results[setting]), "")
    )
    chart = f"![seconds of each way, by model]({CHART.name})\n\n"
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    PAGE.write_text(f"{text[:before]}\n{chart}{inside}{text[after:]}", encoding="utf-8")


def _size(setting: str) -> tuple[int, ...]:
    rows, features, threads = (int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", setting))
    return rows, features, -threads


def table(setting: str, found: Mapping[str, Any]) -> Iterator[str]:
    """Lines of Markdown: a row per model."""
    yield f"**{setting}**"
    yield ""
    titles = [
        "model",
        "layout",
        "ours",
        "nested CASE",
        "library",
        "ONNX Runtime",
        "orbital",
        "times as fast",
        "plan",
        "one row",
        "peak MB",
    ]
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for name, of_model in found.items():
        seconds, chosen = of_model["seconds"], of_model["chosen"]
        view = of_model["views"][chosen]
        scored = f", {of_model['rows']:,} rows" if f"{of_model['rows']:,} rows" not in setting else ""
        cells = [
            f"{name}{scored}",
            chosen,
            _span(seconds[chosen]),
            _span(seconds["nested_case"]) if "nested_case" in seconds else "",
            *(_span(seconds[peer]) if peer in seconds else "" for peer in PEERS),
            f"{of_model['orbital']['seconds']:.1f}" if "orbital" in of_model else "",
            f"**{ratio(of_model):.2f}**",
            f"{view['plan']:.2f}",
            f"{view['one_row']:.2f}",
            f"{of_model['peak_mb'][chosen]:,.0f}",
        ]
        yield f"| {' | '.join(cells)} |"


def _span(seconds: list[float]) -> str:
    """The least, and how much more the most is."""
    return f"{min(seconds):.2f} (+{max(seconds) - min(seconds):.2f})"


def ratio(of_model: Mapping[str, Any]) -> float:
    """How many times as fast as the faster of library and ONNX Runtime."""
    least = {way: min(seconds) for way, seconds in of_model["seconds"].items()}
    return float(min(least[peer] for peer in PEERS if peer in least) / least[of_model["chosen"]])


def draw(found: Mapping[str, Any]) -> None:
    """A bar for each way and model, on a scale of powers of ten."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "forests"
    names = [name for name in found if found[name]["rows"] == max(each["rows"] for each in found.values())]
    ways: dict[str, Callable[[Any], float]] = {
        "plain SQL": lambda each: min(each["seconds"][each["chosen"]]),
        "library": lambda each: min(each["seconds"]["library"]),
        "ONNX Runtime": lambda each: min(each["seconds"].get("onnx", [float("nan")])),
        "orbital": lambda each: each.get("orbital", {}).get("seconds", float("nan")),
    }
    figure: Any = Figure(figsize=(8, 0.75 * len(names) + 1), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(ways)
    for k, (way, seconds) in enumerate(ways.items()):
        places = [place + k * height for place in range(len(names))]
        axes.barh(places, [seconds(found[name]) for name in names], height, label=way)
    axes.set_yticks([place + 1.5 * height for place in range(len(names))], names)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel(f"seconds, table to table: {CHARTED}")
    axes.legend()
    figure.savefig(CHART, metadata={"Date": None})


if __name__ == "__main__":
    write_page(json.loads(RESULTS.read_text(encoding="utf-8")))
