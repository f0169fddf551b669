"""The time of a prediction as people speak of it."""

from __future__ import annotations

from aops_indb.features.definitions import EVENT_TIMESTAMP, OnDemandFeature
from aops_indb.features.types import DType
from aops_indb.sqlgen.build import anonymous, col, lit
from aops_indb.sqlgen.parse import parse_expression, replace_columns
from aops_indb.templates.expressions import on_demand

# feature -> its expression, its type, what it is
PARTS = {
    "hour": ("EXTRACT(hour FROM clock)", DType.Int64, "Hour of the day, 0 to 23"),
    "day_of_week": ("EXTRACT(isodow FROM clock)", DType.Int64, "1 is Monday, 7 is Sunday"),
    "is_weekend": ("EXTRACT(isodow FROM clock) >= 6", DType.Bool, "Saturday or Sunday"),
    "day_of_month": ("EXTRACT(day FROM clock)", DType.Int64, "1 to 31"),
    "month": ("EXTRACT(month FROM clock)", DType.Int64, "1 to 12"),
    "day_of_year": ("EXTRACT(doy FROM clock)", DType.Int64, "1 to 366"),
}


def calendar(*, name: str = "calendar", zone: str | None = "UTC") -> tuple[OnDemandFeature, ...]:
    """Hour, day, weekend and month of event_timestamp.

    zone: whose clock it is, e.g. "America/New_York"; None for spines whose times have no time zone

    >>> [feature.name for feature in calendar(zone="America/New_York")][:3]
    ['calendar_hour', 'calendar_day_of_week', 'calendar_is_weekend']
    """
    clock = col(EVENT_TIMESTAMP) if zone is None else anonymous("TIMEZONE", lit(zone), col(EVENT_TIMESTAMP))
    return tuple(
        on_demand(f"{name}_{part}", replace_columns(parse_expression(sql), {"clock": clock}), (), description, dtype)
        for part, (sql, dtype, description) in PARTS.items()
    )
