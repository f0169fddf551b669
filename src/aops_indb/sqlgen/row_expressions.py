"""Expressions of definitions that compute a value from one row, and the same one always."""

from __future__ import annotations

from sqlglot import exp

from aops_indb.errors import shortened
from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.operations import operands, operation_name
from aops_indb.sqlgen.parse import EXPRESSIONS, parse_expression, parse_select


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Functions of DuckDB that reduce many rows and that sqlglot does not know to.
_AGGREGATES = _names("""
    any_value approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last arg_min
    arg_min_null arg_min_nulls_last argmax argmin bit_and bit_or bit_xor bitstring_agg combine_aggr count_star
    countif decimal_average entropy favg fsum geomean geometric_mean grouping grouping_id histogram
    histogram_exact json_group_array json_group_object json_group_structure kahan_sum kurtosis kurtosis_pop
    listagg lttb mad max_by mean min_by mode product quantile_cont quantile_disc regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness sum_no_overflow
    sumkahan variant_group_array variant_group_object wavg weighted_avg
""")
_WINDOW_FUNCTIONS = _names("""
    cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense
    row_number
""")
# Functions whose value is another one at another time, in another session or for another user.
_CHANGING = _names("""
    ago current_catalog current_connection_id current_database current_date current_localtime
    current_localtimestamp current_query current_query_id current_role current_schema current_schemas
    current_setting current_time current_timestamp current_transaction_id current_user currval gen_random_uuid
    get_block_size get_current_time get_current_timestamp getenv getvariable in_search_path localtime
    localtimestamp nextval now pg_conf_load_time pg_get_constraintdef pg_get_viewdef pg_postmaster_start_time
    pg_sleep rand random session_user setseed setval sleep_ms stats today transaction_timestamp txid_current
    uuid uuidv4 uuidv7 vector_type write_log
""")
# Those of them that are another one at each call, whatever the time: by chance, or counted on.
_CHANCE = _names("currval gen_random_uuid nextval rand random setseed setval uuid uuidv4 uuidv7")
# Functions that sort -> how many arguments tell them everything.
_SORTED = {"list_grade_up": 3, "array_grade_up": 3, "grade_up": 3}
_ROW_MAKERS = _names("unnest explode generate_subscripts regexp_split_to_table")

_LOOKS = "looks at other rows, whatever their time: use an Aggregation, or a source's query"
_CHANGES = (
    "changes from call to call, and a feature must be the same for whoever asks: take a column of the source, or "
    "event_timestamp in an OnDemandFeature"
)
_QUERY_CHANGES = (
    "changes from call to call, and what was known at a time must stay the same: take a column of the source"
)
_QUERY_CHANCE = "is another one each time, and a check must find the same rows however often it runs: write a condition"
_SAMPLES = "takes other rows each time: choose them by a column, e.g. WHERE order_id % 10 = 0"
_SORTS = "sorts as the reader's session is set to: write the order and where NULL goes, 'ASC', 'NULLS LAST'"
_MAKES_ROWS = "makes several rows or columns of one: write it in a source's query"


def require_row_expression(sql: str) -> str:
    """The text itself, if it computes a value from one row, and the same one always; ValueError if not.

    A window function over a source would see rows of any time, and so the future of a point-in-time join.

    >>> require_row_expression("arr_delay >= 15")
    'arr_delay >= 15'
    """
    for node in parse_expression(sql).walk():
        if (cause := _beyond_row(node)) is not None:
            raise ValueError(f"{shortened(node.sql('duckdb'))} {cause}")
    return sql


def require_unchanging(sql: str) -> str:
    """The text of a query itself, if it gives the same rows whoever asks and whenever; ValueError if not.

    >>> require_unchanging("SELECT * FROM raw.flights")
    'SELECT * FROM raw.flights'
    """
    _require_no_sample(sql)
    for node in parse_select(sql).walk():
        if isinstance(node, EXPRESSIONS) and _changes(node):
            raise ValueError(f"{shortened(node.sql('duckdb'))} {_QUERY_CHANGES}")
    return sql


def require_no_chance(sql: str) -> str:
    """The text of a query itself, unless chance has a say in its rows; it may ask what time it is.

    >>> require_no_chance("SELECT * FROM raw.flights WHERE time_hour > now()")
    'SELECT * FROM raw.flights WHERE time_hour > now()'
    """
    _require_no_sample(sql)
    for node in parse_select(sql).walk():
        if isinstance(node, EXPRESSIONS) and operation_name(node) in _CHANCE:
            raise ValueError(f"{shortened(node.sql('duckdb'))} {_QUERY_CHANCE}")
    return sql


def _require_no_sample(sql: str) -> None:
    # a seed does not help: threads take rows as they come
    for sample in parse_select(sql).find_all(exp.TableSample):
        raise ValueError(f"{shortened(sample.sql('duckdb').strip())} {_SAMPLES}")


def _changes(node: Expr) -> bool:
    # age of one time is how long ago it was
    name = operation_name(node)
    return isinstance(node, exp.CurrentDate) or name in _CHANGING or (name == "age" and len(list(operands(node))) == 1)


def _beyond_row(node: Expr) -> str | None:
    """What speaks against a node in an expression over one row."""
    match node:
        case exp.Query() | exp.Subquery() | exp.Exists() | exp.Window() | exp.AggFunc():
            return _LOOKS
        case exp.Star() | exp.Columns():
            return _MAKES_ROWS
        case exp.Placeholder() | exp.Parameter():
            return "is a parameter, and nobody gives it a value: write the value"
        case exp.Dot() if isinstance(node.expression, exp.Func):
            function = node.expression.sql("duckdb").partition("(")[0]
            return f"calls a function on a name: write it as {function}(…), without a dot before"
    name = operation_name(node)
    if name in _AGGREGATES or name in _WINDOW_FUNCTIONS:
        return _LOOKS
    if _changes(node):
        return _CHANGES
    if len(list(operands(node))) < _SORTED.get(name, 0):
        return _SORTS
    return _MAKES_ROWS if name in _ROW_MAKERS else None
