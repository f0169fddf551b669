"""How many models export to ONNX, and score there as their library: `python -m bench.onnx_export`.

Scikit-learn's estimators as bench/coverage.py makes and fits them, and those of XGBoost, LightGBM and CatBoost, each on
the rows it was fitted on. An estimator is what the worst of its instances is.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from tests.parity.frames import gaps, numbers

from aops_indb.errors import AopsError
from aops_indb.scoring.onnx_export import compare_onnx, to_onnx
from bench.coverage import Outcome, estimators, prepared, told_of

RESULTS = Path(__file__).parent / "results" / "onnx_export.json"

# The worst comes last. "agrees": no row is off by more than 1e-5 of the larger of 1 and the library's score. "lenient":
# ONNX Runtime scores rows that the library refuses, and agrees in the others. "refused": it has no ONNX form.
VERDICTS = ("agrees", "lenient", "refused", "differs", "error")


@dataclass(frozen=True, slots=True)
class Export:
    """One of VERDICTS, and the rows that differ, of how many, and by how much at most; told: what is behind it."""

    verdict: str
    rows: int = 0
    differing: int = 0
    largest_difference: float = 0.0
    told: str = ""


def export(model: Any, frame: Any) -> Export:
    """How a fitted model's export compares on the rows it was fitted on."""
    try:
        content = to_onnx(model, frame)
    except AopsError as error:
        return Export("refused", told=str(error)[:300])
    except Exception as error:  # a crash of ours is an outcome, too
        return Export("error", told=told_of(error))
    try:
        found = compare_onnx(content, model, frame)
    except Exception as error:  # whatever a library or the runtime raises is what is to be told
        return Export("error", told=told_of(error))
    verdict = "differs" if found.differing else "lenient" if found.refused else "agrees"
    return Export(verdict, found.rows, found.differing, found.largest_difference, str(found))


def of_scikit_learn() -> Iterator[tuple[str, Export]]:
    """Every estimator that reads rows of a table."""
    for name, instances in estimators():
        found = []
        for trial in map(prepared, instances):
            if isinstance(trial, Outcome):
                found.append(Export("error", told=trial.told))
            else:
                frame = trial.frame if hasattr(trial.frame, "columns") else pd.DataFrame(trial.frame)
                found.append(export(trial.model, frame.rename(columns=str)))
        yield name, worst(found)


def worst(found: list[Export]) -> Export:
    """The first of the worst."""
    return max(found, key=lambda each: VERDICTS.index(each.verdict))


# ── boosters ───────────────────────────────────────────────────────────────────────────────────────────

SMALL: dict[str, Any] = {"n_estimators": 50, "random_state": 0}
QUIET: dict[str, Any] = {"verbose": -1, **SMALL}
CAT: dict[str, Any] = {"iterations": 50, "verbose": 0, "allow_writing_files": False, "random_seed": 0}


def _lightgbm(kind: str, **settings: Any) -> Callable[[], Any]:
    def make() -> Any:
        import lightgbm

        return getattr(lightgbm, f"LGBM{kind}")(**QUIET, **settings)

    return make


def _xgboost(kind: str, **settings: Any) -> Callable[[], Any]:
    def make() -> Any:
        import xgboost

        return getattr(xgboost, f"XGB{kind}")(**SMALL, **settings)

    return make


def _catboost(kind: str, **settings: Any) -> Callable[[], Any]:
    def make() -> Any:
        import catboost

        return getattr(catboost, f"CatBoost{kind}")(**CAT, **settings)

    return make


def _scaled(make: Callable[[], Any]) -> Callable[[], Any]:
    def scaled() -> Any:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), make())

    return scaled


RF: dict[str, Any] = {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1}
# Name -> the model, and the data it is fitted on; of these "gaps" have missing values.
BOOSTERS: dict[str, tuple[Callable[[], Any], str]] = {
    "LGBMClassifier": (_lightgbm("Classifier"), "cancer, gaps"),
    "LGBMClassifier, three classes": (_lightgbm("Classifier"), "wine, gaps"),
    "LGBMClassifier, one against the rest": (_lightgbm("Classifier", objective="multiclassova"), "wine"),
    "LGBMClassifier, dart": (_lightgbm("Classifier", boosting_type="dart"), "cancer"),
    "LGBMClassifier, random forest": (_lightgbm("Classifier", **RF), "cancer"),
    "LGBMClassifier, sigmoid of 2": (_lightgbm("Classifier", sigmoid=2.0), "cancer"),
    "LGBMClassifier, zero is missing": (_lightgbm("Classifier", zero_as_missing=True), "cancer, gaps"),
    "LGBMClassifier behind a scaler": (_scaled(_lightgbm("Classifier")), "cancer, gaps"),
    **{
        f"LGBMRegressor, {objective}": (_lightgbm("Regressor", objective=objective), "diabetes")
        for objective in ("regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma")
    },
    "LGBMRegressor, linear trees": (_lightgbm("Regressor", linear_tree=True), "diabetes"),
    "LGBMRanker": (_lightgbm("Ranker"), "wine"),
    "XGBClassifier": (_xgboost("Classifier"), "cancer, gaps"),
    "XGBClassifier, three classes": (_xgboost("Classifier"), "wine, gaps"),
    "XGBClassifier, multi:softmax": (_xgboost("Classifier", objective="multi:softmax"), "wine"),
    "XGBClassifier, binary:hinge": (_xgboost("Classifier", objective="binary:hinge"), "cancer"),
    "XGBClassifier, dart": (_xgboost("Classifier", booster="dart"), "cancer"),
    "XGBClassifier, gblinear": (_xgboost("Classifier", booster="gblinear"), "cancer"),
    "XGBClassifier, parallel trees": (_xgboost("Classifier", num_parallel_tree=3), "cancer"),
    "XGBClassifier behind a scaler": (_scaled(_xgboost("Classifier")), "cancer, gaps"),
    "XGBRFClassifier": (_xgboost("RFClassifier"), "cancer"),
    "XGBRFClassifier, three classes": (_xgboost("RFClassifier"), "wine"),
    **{
        f"XGBRegressor, {objective}": (_xgboost("Regressor", objective=objective), "diabetes")
        for objective in ("reg:squarederror", "reg:absoluteerror", "reg:gamma", "reg:tweedie", "count:poisson")
    },
    "XGBRFRegressor": (_xgboost("RFRegressor"), "diabetes"),
    "XGBRanker": (_xgboost("Ranker"), "wine"),
    "CatBoostClassifier": (_catboost("Classifier"), "cancer, gaps"),
    "CatBoostClassifier, three classes": (_catboost("Classifier"), "wine, gaps"),
    "CatBoostClassifier, one against the rest": (_catboost("Classifier", loss_function="MultiClassOneVsAll"), "wine"),
    "CatBoostClassifier, trees of any shape": (_catboost("Classifier", grow_policy="Lossguide"), "cancer"),
    "CatBoostClassifier behind a scaler": (_scaled(_catboost("Classifier")), "cancer, gaps"),
    **{
        f"CatBoostRegressor, {loss}": (_catboost("Regressor", loss_function=loss), "diabetes")
        for loss in ("RMSE", "MAE", "Quantile", "Poisson", "Tweedie:variance_power=1.5")
    },
    "CatBoostRanker": (_catboost("Ranker", bootstrap_type="No"), "wine"),
}

QUERIES: dict[str, str] = {"LGBMRanker": "group", "XGBRanker": "qid", "CatBoostRanker": "group_id"}


def of_boosters() -> Iterator[tuple[str, Export]]:
    """The boosting libraries' models."""
    for name, (make, data) in BOOSTERS.items():
        dataset, _, missing = data.partition(", ")
        frame, target = gaps(dataset, 4) if missing else numbers(dataset, 4)
        try:
            model = make().fit(frame, target, **_query(name, len(frame)))
        except Exception as error:  # what a library raises must not end the run
            yield name, Export("error", told=told_of(error))
            continue
        yield name, export(model, frame)


def _query(name: str, rows: int) -> dict[str, Any]:
    """What a ranker is told of the rows that belong together: here the halves."""
    half = rows // 2
    halves = [half, rows - half] if QUERIES.get(name) == "group" else [0] * half + [1] * (rows - half)
    return {QUERIES[name]: halves} if name in QUERIES else {}


# ── figures ────────────────────────────────────────────────────────────────────────────────────────────

PARTS: dict[str, Callable[[], Iterator[tuple[str, Export]]]] = {
    "scikit-learn": of_scikit_learn,
    "boosters": of_boosters,
}


def main() -> None:
    """Measure, print the figures, and write them to bench/results/onnx_export.json."""
    warnings.simplefilter("ignore")
    out = Console(width=160)
    kept: dict[str, dict[str, Any]] = {}
    for part, measure in PARTS.items():
        found: dict[str, Export] = {}
        for name, each in measure():
            found[name] = each
            print(f"{part} {name}: {each.verdict}", file=sys.stderr, flush=True)
        kept[part] = {name: asdict(each) for name, each in found.items()}
        for name, each in found.items():
            if each.verdict != "agrees":
                out.print(f"  {each.verdict:8} {name}: {each.told[:130]}", markup=False)
        counts = Counter(each.verdict for each in found.values())
        out.print(f"{part}: " + ", ".join(f"{counts[each]} {each}" for each in VERDICTS) + f" of {len(found)}")
    RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
