"""Will a flight arrive late? Asked two hours before its scheduled departure.

Late is 15 or more minutes, as the US Department of Transportation counts it. Cancelled and diverted flights have
no arrival delay: they are scored like all others, but cannot be learnt from.
"""

from __future__ import annotations

from typing import Any

from aops_indb import Model, Split
from feature_defs.flight import flight_delay_features

CATEGORIES = ["origin", "carrier", "plane_maker", "scheduled_weekday"]


def logistic_regression() -> Any:
    """Impute, scale and one-hot encode, then a linear model."""
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("scale", StandardScaler()),
        ]
    )
    categories = OneHotEncoder(handle_unknown="ignore")
    prepare = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("categories", categories, CATEGORIES),
        ]
    )
    return Pipeline([("prepare", prepare), ("classify", LogisticRegression(C=0.1, max_iter=300))])


def gradient_boosting() -> Any:
    """Trees, which find for themselves what depends on what; missing values go their own way."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = ColumnTransformer([("categories", codes, CATEGORIES)], remainder="passthrough")
    classify = HistGradientBoostingClassifier(
        max_iter=100,
        max_leaf_nodes=15,
        learning_rate=0.1,
        l2_regularization=1.0,
        min_samples_leaf=200,
        early_stopping=False,
        random_state=0,
    )
    return Pipeline([("prepare", prepare), ("classify", classify)])


flight_delay = Model(
    name="flight_delay",
    description="Probability that a flight arrives 15 or more minutes late, two hours before departure",
    owner="flight-operations",
    service=flight_delay_features,
    spine="""
        SELECT flight_id, carrier, flight, tailnum, origin, dest, distance, scheduled_departure, arr_delay,
               scheduled_departure - INTERVAL 2 HOUR AS event_timestamp
        FROM raw.flights
    """,
    keys=["flight_id", "carrier", "flight", "origin", "dest", "scheduled_departure"],
    target="arr_delay >= 15",
    population="arr_delay IS NOT NULL",
    candidates={"logistic_regression": logistic_regression, "gradient_boosting": gradient_boosting},
    split_by="scheduled_departure",
    train=Split(start="2013-01-01T00:00:00-05:00", end="2013-10-01T00:00:00-04:00"),
    validation=Split(start="2013-10-01T00:00:00-04:00", end="2013-11-01T00:00:00-04:00"),
    test=Split(start="2013-11-01T00:00:00-04:00", end="2014-01-01T00:00:00-05:00"),
)
