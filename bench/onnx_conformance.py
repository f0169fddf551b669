"""What becomes of the tests that the onnx package ships for the operators in OPS: `python -m bench.onnx_conformance`.

Each is scored as SQL in DuckDB, the first axis of its first input being the rows, and is right or refused by name.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.parity.onnx_shipped import REASONS, outcome, shipped

RESULTS = Path(__file__).parent / "results" / "onnx_conformance.json"


def counted() -> dict[str, int]:
    """How many agree, differ, and are refused for each reason."""
    found = [outcome(test) for tests in shipped().values() for test in tests]
    refused = Counter(each.refused for each in found if each.refused)
    unknown = sum(count for reason, count in refused.items() if reason not in REASONS)
    differing = sum(bool(each.differing) for each in found)
    return {
        "agrees": len(found) - differing - refused.total(),
        "differs": differing,
        **{reason: refused[reason] for reason in REASONS},
        "another reason": unknown,
    }


def main() -> None:
    """Count, print the counts, and write them to bench/results/onnx_conformance.json."""
    counts = counted()
    for reason, count in counts.items():
        print(f"{count:5} {reason}")
    print(f"{sum(counts.values()):5} of all")
    RESULTS.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
