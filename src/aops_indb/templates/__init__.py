"""Functions that return feature views, and what is computed from their features: features that many models have.

Each takes keyword arguments, as definitions do, and what it returns is definitions: a service lists them, and
`settings` of any feature view (description, tags, owner, filter) can be given to each.
"""

from aops_indb.templates.calendar import calendar
from aops_indb.templates.categorical_rates import ALL_ROWS, categorical_rates
from aops_indb.templates.lag_and_change import lag_and_change
from aops_indb.templates.recency_frequency_monetary import recency_frequency_monetary
from aops_indb.templates.window_ratios import window_ratios

__all__ = [
    "ALL_ROWS",
    "calendar",
    "categorical_rates",
    "lag_and_change",
    "recency_frequency_monetary",
    "window_ratios",
]
