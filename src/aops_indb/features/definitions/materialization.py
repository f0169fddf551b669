"""How the history of a feature view is kept as a table."""

from __future__ import annotations

import datetime as dt

from aops_indb.features.definitions.base import Definition
from aops_indb.features.setting_types import Duration


class Materialization(Definition):
    """Keeps a view's history in a table, which `aops materialize` carries forward.

    lookback:  how far before the end of what is kept it is computed again, for rows that came in late
    chunk:     of how much time rows are computed at once

    >>> Materialization(lookback="2d").chunk.days
    30
    """

    lookback: Duration | None = None
    chunk: Duration = dt.timedelta(days=30)
