"""Real data the models are fitted on: scikit-learn's own sets, and frames with text and gaps made from them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

LOADERS = {"cancer": load_breast_cancer, "wine": load_wine, "iris": load_iris, "diabetes": load_diabetes}


@cache
def numbers(name: str, columns: int = 6) -> tuple[pd.DataFrame, np.ndarray]:
    """The first columns of a set, and its target."""
    frame, target = LOADERS[name](return_X_y=True, as_frame=True)
    frame = frame.iloc[:, :columns].set_axis([c.replace(" (cm)", "") for c in frame.columns[:columns]], axis=1)
    return frame.astype(float), target.to_numpy()


@cache
def gaps(name: str, columns: int = 6) -> tuple[pd.DataFrame, np.ndarray]:
    """The same with a tenth of the values missing, but none in the last column."""
    frame, target = numbers(name, columns)
    holes = np.random.default_rng(7).random(frame.shape) < 0.1
    holes[:, -1] = False
    return frame.mask(holes), target


@cache
def mixed() -> tuple[pd.DataFrame, np.ndarray]:
    """Tumours with two measures (one with gaps), text with and without gaps, a whole-number and a yes/no column."""
    frame, target = gaps("cancer")
    full, _ = numbers("cancer")
    rng = np.random.default_rng(3)
    size = pd.cut(full["mean area"], [0, 400, 600, 900, 3000], labels=["small", "mid size", "o'large", "HUGE"])
    texture = pd.cut(full["mean texture"], 5, labels=["a", "b", "c", "d", "e"]).astype(object)
    texture[rng.random(len(frame)) < 0.1] = None
    return (
        pd.DataFrame(
            {
                "radius": frame["mean radius"],
                "smooth": full["mean smoothness"],
                "size": size.astype(str).astype("str"),
                "texture": texture.astype("str"),
                "grade": np.floor(full["mean perimeter"] / 25),
                "dense": full["mean compactness"] > 0.1,
            }
        ),
        np.where(target == 1, "benign", "malignant"),
    )


@cache
def many_categories() -> tuple[pd.DataFrame, np.ndarray]:
    """Diabetics with text and whole numbers of some hundred values, text with gaps, and numbers with gaps."""
    frame, target = gaps("diabetes")
    full, _ = numbers("diabetes")
    pressure = pd.Series([f"it's {value:.3f}" for value in full["bp"]])
    pressure[np.random.default_rng(5).random(len(frame)) < 0.05] = None
    columns = {"pressure": pressure.astype("str"), "weight": np.floor(full["bmi"] * 2000), "age": frame["age"]}
    return pd.DataFrame(columns), target


@cache
def undecided() -> tuple[pd.DataFrame, np.ndarray]:
    """Features that tell nothing about a target that is half and half: scores are exactly zero."""
    return pd.DataFrame({"same": np.zeros(60), "too": np.ones(60)}), np.arange(60) % 2


@cache
def many() -> tuple[pd.DataFrame, np.ndarray]:
    """A measure, and a text column of more than a hundred categories."""
    frame, target = numbers("cancer")
    bins = (frame["mean texture"] * 5).astype(int).astype(str)
    return pd.DataFrame({"radius": frame["mean radius"], "bin": "b" + bins}), target


@cache
def steep() -> tuple[pd.DataFrame, np.ndarray]:
    """Targets that double from row to row: trees split one row off at a time, 200 levels deep."""
    return pd.DataFrame({"up": np.arange(200.0), "down": -np.arange(200.0)}), 2.0 ** np.arange(200)
