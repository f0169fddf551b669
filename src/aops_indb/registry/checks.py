"""How checks of the data ended, and which failing ones keep a model from being scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select

from aops_indb.engines import Session
from aops_indb.registry.atomic import atomic
from aops_indb.registry.definitions import DefinitionRecord, Key, applied_definitions
from aops_indb.registry.tables import CHECK_RESULTS

PASSED, FAILED, ERROR = "passed", "failed", "error"
# kinds of definitions that a version of a model is bound to
BOUND = ("feature_view", "feature_view_alias", "on_demand_feature")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check ended.

    checked_rows: rows it is about, None of a query    failing_rows: None of a check of the rows as a whole
    kept_rows:    failing rows in aops.check_failures  status: passed, failed, or error if it could not be run
    """

    object_kind: str
    object_name: str
    check_name: str
    kind: str
    severity: str
    status: str
    checked_rows: int | None
    failing_rows: int | None
    kept_rows: int
    message: str

    @property
    def reference(self) -> str:
        """As people name it: object:check."""
        return f"{self.object_name}:{self.check_name}"


@atomic
def record_check_results(session: Session, job: int, results: Collection[CheckResult], at: dt.datetime) -> None:
    """Note how the checks of a run ended."""
    rows = [
        {"job_id": job, "position": position, "checked_at": at, **{name: getattr(result, name) for name in _FIELDS}}
        for position, result in enumerate(results, start=1)
    ]
    if rows:
        session.connection.execute(insert(CHECK_RESULTS), rows)


_FIELDS = tuple(CheckResult.__dataclass_fields__)


def last_results(session: Session) -> dict[tuple[str, str, str], CheckResult]:
    """How each check ended when it was run last, by kind and name of its object, and its own name."""
    c = CHECK_RESULTS.c
    inner = CHECK_RESULTS.alias("later")
    same = [getattr(inner.c, name) == c[name] for name in ("object_kind", "object_name", "check_name")]
    last = select(func.max(inner.c.job_id)).where(*same).correlate(CHECK_RESULTS).scalar_subquery()
    rows = session.connection.execute(select(*(c[name] for name in _FIELDS)).where(c.job_id == last))
    found = [CheckResult(**row._mapping) for row in rows]
    return {(each.object_kind, each.object_name, each.check_name): each for each in found}


def blocking_failures(session: Session, bound: Collection[str]) -> list[CheckResult]:
    """Checks in force with blocks_scoring that did not pass when last run.

    bound: the views and on-demand features of a version; all that these are made from counts, as views they are an
           alias of, views of views, and their sources
    """
    applied = applied_definitions(session)
    things = _made_from({key for key in applied if key[0] in BOUND and key[1] in bound}, applied)
    blocking = {(*key, label) for key in things for label in _blocking(applied[key].definition.get("checks", ()))}
    for (kind, _), record in applied.items():
        if kind == "check" and record.definition.get("blocks_scoring"):
            blocking |= {(*key, record.name) for key in record.depends_on if key in things}
    results = last_results(session)
    return [results[key] for key in sorted(blocking) if key in results and results[key].status != PASSED]


def _made_from(keys: set[Key], applied: Mapping[Key, DefinitionRecord]) -> set[Key]:
    """These definitions, and all that they depend on."""
    found: set[Key] = set()
    to_do = list(keys)
    while to_do:
        key = to_do.pop()
        if key in applied and key not in found:
            found.add(key)
            to_do += applied[key].depends_on
    return found


def _blocking(checks: Collection[Mapping[str, Any]]) -> list[str]:
    """Names of those checks, as they are noted in a definition, that block."""
    return [_label(check) for check in checks if check.get("blocks_scoring")]


def _label(check: Mapping[str, Any]) -> str:
    """A check's name, as `Check.label` makes it."""
    columns = [check["column"]] if "column" in check else check.get("columns", ())
    return str(check.get("name") or "_".join([check["kind"], *columns]))
