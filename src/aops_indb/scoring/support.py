"""What of a model has a SQL form, and what has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.read_sklearn.translation import StepSupport
from aops_indb.scoring.translate import read
from aops_indb.sqlgen.dialects import dialect as dialect_named


@dataclass(frozen=True, slots=True)
class SupportReport:
    """Steps with what keeps each from SQL, the output columns, and in which rows these are NULL.

    >>> str(SupportReport("Ridge", "duckdb", (StepSupport("Ridge", "Ridge"),), ("prediction",), ("'x' is missing",)))
    "Ridge in duckdb: has a SQL form\\n  ok  Ridge\\noutputs: prediction\\nNULL where:\\n  'x' is missing"
    """

    model: str
    dialect: str
    steps: tuple[StepSupport, ...]
    outputs: tuple[str, ...]
    null_where: tuple[str, ...]

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
        return "\n".join(lines)


def explain_support(model: Any, dialect: str = "duckdb") -> SupportReport:
    """Which steps of a fitted model have a SQL form, which have not and why; raises nothing for those that have not.

    >>> from sklearn.linear_model import LinearRegression
    >>> explain_support(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])).supported
    True
    """
    name = dialect_named(dialect).name
    graph, ledger = read(model, None, lenient=True)
    reasons = dict.fromkeys(reason for guard in graph.guards for reason in guard.reasons)
    return SupportReport(type(model).__name__, name, tuple(ledger.steps), graph.output_names, tuple(reasons))


def _title(step: StepSupport) -> str:
    return step.path if step.path == step.estimator else f"{step.path}: {step.estimator}"
