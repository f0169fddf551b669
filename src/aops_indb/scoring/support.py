"""What of a model has a SQL form, and what has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.graph import Forest, walk
from aops_indb.scoring.layouts.choice import choose_layout
from aops_indb.scoring.read_sklearn.translation import StepSupport
from aops_indb.scoring.translate import read
from aops_indb.sqlgen.dialects import dialect as dialect_named


@dataclass(frozen=True, slots=True)
class SupportReport:
    """Steps with what keeps each from SQL, the output columns, and in which rows these are NULL.

    forests: of each how it is laid out in a deployed view, and what was weighed

    >>> str(SupportReport("Ridge", "duckdb", (StepSupport("Ridge", "Ridge"),), ("prediction",), ("'x' is missing",)))
    "Ridge in duckdb: has a SQL form\\n  ok  Ridge\\noutputs: prediction\\nNULL where:\\n  'x' is missing"
    """

    model: str
    dialect: str
    steps: tuple[StepSupport, ...]
    outputs: tuple[str, ...]
    null_where: tuple[str, ...]
    forests: tuple[str, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether every step has a SQL form."""
        return all(step.problem is None for step in self.steps)

    def __str__(self) -> str:
        verdict = "has a SQL form" if self.supported else "has no SQL form"
        lines = [f"{self.model} in {self.dialect}: {verdict}"]
        lines += [f"  {'ok' if step.problem is None else 'no'}  {step.problem or _title(step)}" for step in self.steps]
        if self.supported:
            lines.append(f"outputs: {', '.join(self.outputs)}")
            lines += ["NULL where:", *(f"  {reason}" for reason in self.null_where)] if self.null_where else []
            lines += ["deployed as:", *(f"  {forest}" for forest in self.forests)] if self.forests else []
        return "\n".join(lines)


def explain_support(model: Any, dialect: str = "duckdb") -> SupportReport:
    """Which steps of a fitted model have a SQL form, which have not and why; raises nothing for those that have not.

    >>> from sklearn.linear_model import LinearRegression
    >>> explain_support(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])).supported
    True
    """
    target = dialect_named(dialect)
    graph, ledger = read(model, None, lenient=True)
    reasons = dict.fromkeys(reason for guard in graph.guards for reason in guard.reasons)
    forests = [node for node in walk(graph.roots) if isinstance(node, Forest)]
    laid_out = [f"{node.step}: {choose_layout(node, target, in_tables=True)}" for node in forests]
    return SupportReport(
        type(model).__name__,
        target.name,
        tuple(ledger.steps),
        graph.output_names,
        tuple(reasons),
        tuple(laid_out),
    )


def _title(step: StepSupport) -> str:
    return step.path if step.path == step.estimator else f"{step.path}: {step.estimator}"
