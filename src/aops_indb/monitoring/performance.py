"""METRICS of a binary classifier, computed inside the database in one pass over its scored rows.

Rows of equal score are put together first, so that ties count as they should: a pair of a positive and a
negative of one score is half a pair in the right order, and a group of ties that straddles the top 10 % counts
in proportion. Rows without a score are counted and left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from aops_indb.sqlgen.build import (
    Expr,
    add,
    case,
    cast,
    coalesce,
    col,
    count_star,
    div,
    filtered,
    func,
    greatest,
    gt,
    is_not_null,
    is_null,
    least,
    lit,
    mul,
    neg,
    sub,
)
from aops_indb.sqlgen.statements import Join, Query, select, subquery, table, with_ctes
from aops_indb.sqlgen.windows import asc, desc, over, trailing

LABEL = "label"
SCORE = "score"
TOP_SHARE = 0.1
# scikit-learn's log_loss keeps probabilities this far from 0 and 1
_SMALLEST = 2.220446049250313e-16

MetricKind: TypeAlias = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A line of METRICS: a sentence, which direction is better, and an aggregate over groups of equal score.

    Groups have score, n, positives, negatives, negatives_below, rows_above, total, total_positives.
    """

    help: str
    better: MetricKind
    over_groups: Callable[[], Expr]


def _sum(value: Expr) -> Expr:
    return func("SUM", value)


def _double(value: Expr) -> Expr:
    return cast(value, "DOUBLE")


def _total(name: str) -> Expr:
    return _double(func("MAX", col(name)))


def _auc() -> Expr:
    ordered = _sum(
        mul(_double(col("positives")), add(col("negatives_below"), div(_double(col("negatives")), lit(2.0))))
    )
    pairs = mul(_total("total_positives"), sub(_total("total"), _total("total_positives")))
    return case([(gt(pairs, lit(0.0)), div(ordered, pairs.copy()))])


def _log_loss() -> Expr:
    p = least(greatest(col(SCORE), lit(_SMALLEST)), lit(1.0 - _SMALLEST))
    of_positives = mul(col("positives"), func("LN", p))
    of_negatives = mul(col("negatives"), func("LN", sub(lit(1.0), p.copy())))
    return div(neg(_sum(add(of_positives, of_negatives))), _total("total"))


def _brier() -> Expr:
    miss = sub(lit(1.0), col(SCORE))
    of_positives = mul(col("positives"), mul(miss, miss.copy()))
    of_negatives = mul(col("negatives"), mul(col(SCORE), col(SCORE)))
    return div(_sum(add(of_positives, of_negatives)), _total("total"))


def _lift() -> Expr:
    top = mul(lit(TOP_SHARE), _double(col("total")))
    taken = least(greatest(sub(top, col("rows_above")), lit(0.0)), _double(col("n")))
    found = _sum(mul(_double(col("positives")), div(taken, _double(col("n")))))
    rate = div(found, mul(lit(TOP_SHARE), _total("total")))
    base = div(_total("total_positives"), _total("total"))
    return case([(gt(base, lit(0.0)), div(rate, base.copy()))])


METRICS: dict[str, Metric] = {
    "auc": Metric("Area under the ROC curve, 0 to 1; 0.5 is no better than chance.", "higher", _auc),
    "log_loss": Metric("Mean negative log-likelihood, in nats, 0 or more.", "lower", _log_loss),
    "brier": Metric("Mean squared difference of probability and outcome, 0 to 1.", "lower", _brier),
    "lift_at_10": Metric(
        "Rate of positives among the tenth of rows with the highest scores, over the rate among all.",
        "higher",
        _lift,
    ),
}


def metrics_query(scored: Query) -> Query:
    """One row: rows, positives, unscored, then each of METRICS.

    scored: a query with label (0 or 1) and score (probability of 1)
    """
    n, positives = count_star(), _sum(col(LABEL))
    groups = select(
        {SCORE: col(SCORE), "n": n, "positives": positives, "negatives": sub(n.copy(), positives.copy())},
        table("scored"),
        where=[is_not_null(col(SCORE))],
        group_by=[col(SCORE)],
    )
    ctes = {"scored": scored, "groups": groups, "ranked": _ranked()}
    counts = select(
        {
            "rows": count_star(),
            "positives": cast(coalesce(_sum(col(LABEL)), lit(0)), "BIGINT"),
            "unscored": filtered(count_star(), is_null(col(SCORE))),
        },
        table("scored"),
    )
    metrics = select({name: metric.over_groups() for name, metric in METRICS.items()}, table("ranked"))
    columns = [col(c, "counts") for c in ("rows", "positives", "unscored")]
    columns += [col(name, "metrics") for name in METRICS]
    joined = select(columns, subquery(counts, "counts"), joins=[Join(subquery(metrics, "metrics"), "cross")])
    return with_ctes(joined, ctes, materialized=["scored", "groups"])


def _ranked() -> Query:
    def before(name: str, order: Expr) -> Expr:
        return sub(over(_sum(col(name)), order_by=[order], frame=trailing(None)), col(name))

    everything = {"total": over(_sum(col("n"))), "total_positives": over(_sum(col("positives")))}
    plain = {name: col(name) for name in (SCORE, "n", "positives", "negatives")}
    return select(
        {
            **plain,
            "negatives_below": before("negatives", asc(col(SCORE))),
            "rows_above": before("n", desc(col(SCORE))),
            **everything,
        },
        table("groups"),
    )
