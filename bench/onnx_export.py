"""How many models export to ONNX, and score there as their library: `python -m bench.onnx_export`.

Scikit-learn's estimators as bench/coverage.py makes and fits them, those of XGBoost, LightGBM and CatBoost, and the
boosters of these libraries' own interfaces, each on the rows it was fitted on. An estimator is what the worst of its
instances is.
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


@dataclass(frozen=True, slots=True)
class Native:
    """A library's own way to train, by the name of the library, as an estimator that is not fitted yet."""

    library: str
    settings: dict[str, Any]

    def fit(self, frame: Any, target: Any, **query: Any) -> Any:
        """The booster."""
        return TRAIN[self.library](self.settings, frame, target, query)


def _train_lightgbm(settings: dict[str, Any], frame: Any, target: Any, query: dict[str, Any]) -> Any:
    import lightgbm

    return lightgbm.train({"verbose": -1, "seed": 0, **settings}, lightgbm.Dataset(frame, target, **query), 50)


def _train_xgboost(settings: dict[str, Any], frame: Any, target: Any, query: dict[str, Any]) -> Any:
    import xgboost

    return xgboost.train({"seed": 0, **settings}, xgboost.DMatrix(frame, target, **query), 50)


def _train_catboost(settings: dict[str, Any], frame: Any, target: Any, query: dict[str, Any]) -> Any:
    import catboost

    return catboost.CatBoost({**CAT, **settings}).fit(frame, target, **query)


TRAIN: dict[str, Callable[[dict[str, Any], Any, Any, dict[str, Any]], Any]] = {
    "lightgbm": _train_lightgbm,
    "xgboost": _train_xgboost,
    "catboost": _train_catboost,
}


def _native(library: str, **settings: Any) -> Callable[[], Any]:
    return lambda: Native(library, settings)


def _lightgbm_native(objective: str, **settings: Any) -> Callable[[], Any]:
    return _native("lightgbm", objective=objective, **settings)


def _xgboost_native(objective: str, **settings: Any) -> Callable[[], Any]:
    return _native("xgboost", objective=objective, **settings)


FOREST: dict[str, Any] = {"boosting": "rf", "bagging_fraction": 0.7, "bagging_freq": 1}
NATIVES: dict[str, tuple[Callable[[], Any], str]] = {
    "LightGBM, binary": (_lightgbm_native("binary"), "cancer, gaps"),
    "LightGBM, sigmoid of 2": (_lightgbm_native("binary", sigmoid=2.0), "cancer, gaps"),
    "LightGBM, dart": (_lightgbm_native("binary", boosting="dart"), "cancer, gaps"),
    "LightGBM, random forest": (_lightgbm_native("binary", **FOREST), "cancer, gaps"),
    "LightGBM, zero is missing": (_lightgbm_native("binary", zero_as_missing=True), "cancer, gaps"),
    "LightGBM, linear trees": (_lightgbm_native("regression", linear_tree=True), "diabetes, gaps"),
    "LightGBM, multiclass": (_lightgbm_native("multiclass", num_class=3), "wine, gaps"),
    "LightGBM, multiclassova": (_lightgbm_native("multiclassova", num_class=3), "wine, gaps"),
    **{
        f"LightGBM, {objective}": (_lightgbm_native(objective), "diabetes, gaps")
        for objective in (
            "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"
        )
    },
    "LightGBM, cross_entropy": (_lightgbm_native("cross_entropy"), "cancer, gaps"),
    **{f"LightGBM, {objective}": (_lightgbm_native(objective), "wine") for objective in ("lambdarank", "rank_xendcg")},
    **{
        f"XGBoost, {objective}": (_xgboost_native(objective), "cancer, gaps")
        for objective in ("binary:logistic", "binary:logitraw", "binary:hinge", "reg:logistic")
    },
    "XGBoost, dart": (_xgboost_native("binary:logistic", booster="dart"), "cancer, gaps"),
    "XGBoost, gblinear": (_xgboost_native("binary:logistic", booster="gblinear"), "cancer, gaps"),
    **{
        f"XGBoost, {objective}": (_xgboost_native(objective, num_class=3), "wine, gaps")
        for objective in ("multi:softprob", "multi:softmax")
    },
    "XGBoost, parallel trees": (_xgboost_native("binary:logistic", num_parallel_tree=3, subsample=0.5), "cancer, gaps"),
    "XGBoost, parallel trees of three classes": (
        _xgboost_native("multi:softprob", num_class=3, num_parallel_tree=3, subsample=0.5), "wine, gaps"
    ),
    **{
        f"XGBoost, {objective}": (_xgboost_native(objective), "diabetes, gaps")
        for objective in (
            "reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:gamma", "reg:tweedie",
            "count:poisson", "survival:cox",
        )
    },
    **{f"XGBoost, {objective}": (_xgboost_native(objective), "wine") for objective in ("rank:ndcg", "rank:pairwise")},
    "CatBoost, RMSE": (_native("catboost", loss_function="RMSE"), "diabetes, gaps"),
    "CatBoost, Logloss": (_native("catboost", loss_function="Logloss"), "cancer, gaps"),
}  # fmt: skip

QUERIES: dict[str, str] = {
    "LGBMRanker": "group",
    "LightGBM, lambdarank": "group",
    "LightGBM, rank_xendcg": "group",
    "XGBRanker": "qid",
    "XGBoost, rank:ndcg": "qid",
    "XGBoost, rank:pairwise": "qid",
    "CatBoostRanker": "group_id",
}


def of_boosters() -> Iterator[tuple[str, Export]]:
    """The boosting libraries' models."""
    yield from _each(BOOSTERS)


def of_natives() -> Iterator[tuple[str, Export]]:
    """Those of their own interfaces."""
    yield from _each(NATIVES)


def _each(models: dict[str, tuple[Callable[[], Any], str]]) -> Iterator[tuple[str, Export]]:
    for name, (make, data) in models.items():
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
    "boosters of the own interface": of_natives,
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
