"""When the features of a view change: asked of the times of its source, so that stretches of nothing take no work."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from aops_indb.engines import Row, Session
from aops_indb.errors import RefusedError
from aops_indb.features.definitions import FeatureView
from aops_indb.features.materialized import moment_of
from aops_indb.features.source_rows import source_relation
from aops_indb.features.windows import window_features
from aops_indb.sqlgen.build import Expr, and_, col, count_star, filtered, func, gt, interval, is_not_null, le, lt, sub
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.statements import select

INSTANT = dt.timedelta(microseconds=1)
# Before that Python has no times, and nobody has rows but by mistake.
_BEGINNING = dt.datetime(1, 1, 3, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class SourceChanges:
    """The times at which rows of a view's source become known or end; times without a zone are of UTC."""

    session: Session
    view: FeatureView
    time_zone: bool

    def first(self, end: dt.datetime) -> dt.datetime | None:
        """The first until `end`, None if there is none; RefusedError for one before the year 1."""
        source, event = self.view.source, col(self.view.source.timestamp_field or "")
        earlier, following = self._asked(lt(event, self._at(_BEGINNING)), _BEGINNING, end)
        if earlier:
            raise RefusedError(
                f"feature view '{self.view.name}': data source '{source.name}' has rows whose {source.timestamp_field} "
                "is before the year 1, with which no table can begin: leave them out, by the view's filter or in the "
                "source's query"
            )
        return following

    def quiet_until(self, moment: dt.datetime, end: dt.datetime) -> dt.datetime:
        """A time from the moment to `end` up to which nothing changes: the moment itself if something may."""
        event = col(self.view.source.timestamp_field or "")
        reached_from = sub(self._at(moment), interval(self._longest()))
        leaving = and_(gt(event, reached_from), le(event.copy(), self._at(moment)))
        recent, following = self._asked(leaving, moment, end)
        if recent:
            return moment
        return end if following is None else following - INSTANT

    def _asked(self, rows: Expr, moment: dt.datetime, end: dt.datetime) -> tuple[int, dt.datetime | None]:
        """How many rows a condition holds for; the first of all times after the moment and until `end`."""
        source = self.view.source
        columns: dict[str, Expr] = {"asked": filtered(count_star(), rows)}
        for name in (source.timestamp_field, source.created_timestamp_column, source.valid_to):
            if name:
                inside = and_(gt(col(name), self._at(moment)), le(col(name), self._at(end)))
                columns[f"time_{len(columns)}"] = filtered(func("MIN", col(name)), inside)
        conditions = [is_not_null(col(key)) for key in self.view.join_keys]
        conditions += [parse_expression(self.view.filter)] if self.view.filter else []
        [found] = self.session.rows(select(columns, source_relation(source), where=conditions))
        return int(found[0]), min(_in_utc(found[1:]), default=None)

    def _at(self, moment: dt.datetime) -> Expr:
        return moment_of(moment, time_zone=self.time_zone)

    def _longest(self) -> dt.timedelta:
        """How long after its time a row may still change something."""
        features = window_features(self.view, [feature.name for feature in self.view.features])
        delays = [feature.reach for feature in features if feature.reach]
        return max([*delays, self.view.ttl or INSTANT]) + INSTANT


def _in_utc(times: Row) -> list[dt.datetime]:
    return [(t if t.tzinfo else t.replace(tzinfo=dt.UTC)).astimezone(dt.UTC) for t in times if t is not None]
