"""A model measured on held-out rows by what will score them, and that held against its library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aops_indb.engines import Session
from aops_indb.errors import AopsError, ModelError, shortened
from aops_indb.monitoring import metrics_query
from aops_indb.scoring.batches import with_known_categories
from aops_indb.scoring.translate import fitted_names
from aops_indb.sqlgen.build import col, count_star, is_null
from aops_indb.sqlgen.statements import Query, select, subquery
from aops_indb.workflows.executors import Scorer
from aops_indb.workflows.training_rows import TARGET, model_frame

if TYPE_CHECKING:
    import pandas as pd

# What a binary classifier's SQL calls its probability of the target.
SCORE = "probability_1"


@dataclass(frozen=True, slots=True)
class Parity:
    """Scores in the warehouse beside the library's, on the same rows; tolerance: how far off a probability may be."""

    rows: int
    largest_difference: float
    labels_differing: int
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether they are the same."""
        return self.largest_difference <= self.tolerance and self.labels_differing == 0


def measure(session: Session, scorer: Scorer, rows: Query) -> dict[str, float | None]:
    """Rows, positives, unscored rows and METRICS of a model on rows that carry the target."""
    unknown = is_null(col(TARGET))
    require_targets(session.scalar(select({"n": count_star()}, subquery(rows.copy(), "rows"), where=[unknown])))
    scored = scorer.scored(session, subquery(rows, "rows"), keys=[TARGET])
    pairs = select({"label": col(TARGET), "score": col(SCORE)}, subquery(scored, "scored"))
    measured: dict[str, float | None] = session.arrow(metrics_query(pairs)).to_pylist()[0]
    return measured


def require_targets(without: int) -> None:
    """ModelError if there are rows without a target: they would count as negatives."""
    if without:
        raise ModelError(f"{without} rows have no target: leave them out with the model's population, or its periods")


def compare_with_library(session: Session, scorer: Scorer, estimator: Any, rows: Query, tolerance: float) -> Parity:
    """Score the rows in the warehouse and with the estimator."""
    import numpy as np

    inputs = list(scorer.inputs)
    scored = session.arrow(scorer.scored(session, subquery(rows, "rows"), keys=inputs))
    frame = model_frame(scored, inputs)
    if frame.empty:
        raise ModelError("there are no rows to compare SQL and library on: check the model's periods")
    expected, expected_labels = _of_library(estimator, frame)
    # a library of single precision has less to say
    tolerance = max(tolerance, getattr(estimator, "tolerance", 0.0))
    largest = 0.0
    for position, label in enumerate(estimator.classes_):
        # NaN, a row the SQL left without a score, must not pass as equal
        actual = scored.column(f"probability_{label}").to_numpy()
        differences = np.abs(actual.astype(float) - expected[:, position])
        largest = max(largest, float(np.where(np.isnan(differences), np.inf, differences).max()))
    labels = scored.column("label").to_numpy()
    return Parity(len(frame), largest, int((labels != expected_labels).sum()), tolerance)


def _of_library(estimator: Any, frame: pd.DataFrame) -> tuple[Any, Any]:
    """Probabilities and labels of rows, by the library; ModelError if it refuses them."""
    # names would only make it warn
    nameless = hasattr(estimator, "n_features_in_") and not hasattr(estimator, "feature_names_in_")
    # the columns need not have the names it was fitted with
    named = frame.set_axis(list(fitted_names(estimator) or frame.columns), axis=1)
    try:
        given = named.to_numpy() if nameless else with_known_categories(estimator, named)
        return estimator.predict_proba(given), estimator.predict(given)
    except AopsError:
        raise
    except Exception as error:  # each library has errors of its own for rows it does not take
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"{type(estimator).__name__} does not take the rows of the test period, which its SQL is held against: "
            f"{shortened(told)}"
        ) from error
