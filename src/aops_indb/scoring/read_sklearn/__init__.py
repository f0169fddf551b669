"""scikit-learn estimators as score graphs. To add one: a function beside this, and a line in TRANSLATORS."""

from __future__ import annotations

from aops_indb.scoring.read_sklearn.compose import (
    column_transformer,
    feature_union,
    function_transformer,
    pipeline,
)
from aops_indb.scoring.read_sklearn.encode import one_hot_encoder, ordinal_encoder
from aops_indb.scoring.read_sklearn.hist_gradient import (
    hist_gradient_boosting_classifier,
    hist_gradient_boosting_regressor,
)
from aops_indb.scoring.read_sklearn.impute import missing_indicator, simple_imputer
from aops_indb.scoring.read_sklearn.linear import linear_regressor, logistic_regression
from aops_indb.scoring.read_sklearn.scale import min_max_scaler, standard_scaler
from aops_indb.scoring.read_sklearn.translation import Translator
from aops_indb.scoring.read_sklearn.trees import (
    forest_classifier,
    forest_regressor,
    gradient_boosting_classifier,
    gradient_boosting_regressor,
    tree_classifier,
    tree_regressor,
)

TRANSLATORS: dict[str, Translator] = {
    "sklearn.pipeline.Pipeline": pipeline,
    "sklearn.pipeline.FeatureUnion": feature_union,
    "sklearn.compose.ColumnTransformer": column_transformer,
    "sklearn.preprocessing.FunctionTransformer": function_transformer,
    "sklearn.preprocessing.StandardScaler": standard_scaler,
    "sklearn.preprocessing.MinMaxScaler": min_max_scaler,
    "sklearn.preprocessing.OneHotEncoder": one_hot_encoder,
    "sklearn.preprocessing.OrdinalEncoder": ordinal_encoder,
    "sklearn.impute.SimpleImputer": simple_imputer,
    "sklearn.impute.MissingIndicator": missing_indicator,
    "sklearn.linear_model.LinearRegression": linear_regressor,
    "sklearn.linear_model.Ridge": linear_regressor,
    "sklearn.linear_model.LogisticRegression": logistic_regression,
    "sklearn.tree.DecisionTreeClassifier": tree_classifier,
    "sklearn.tree.DecisionTreeRegressor": tree_regressor,
    "sklearn.tree.ExtraTreeClassifier": tree_classifier,
    "sklearn.tree.ExtraTreeRegressor": tree_regressor,
    "sklearn.ensemble.RandomForestClassifier": forest_classifier,
    "sklearn.ensemble.RandomForestRegressor": forest_regressor,
    "sklearn.ensemble.ExtraTreesClassifier": forest_classifier,
    "sklearn.ensemble.ExtraTreesRegressor": forest_regressor,
    "sklearn.ensemble.GradientBoostingClassifier": gradient_boosting_classifier,
    "sklearn.ensemble.GradientBoostingRegressor": gradient_boosting_regressor,
    "sklearn.ensemble.HistGradientBoostingClassifier": hist_gradient_boosting_classifier,
    "sklearn.ensemble.HistGradientBoostingRegressor": hist_gradient_boosting_regressor,
}

# What models make of features as steps before others, of those that both predict and transform.
TRANSFORMS: dict[str, Translator] = {}
