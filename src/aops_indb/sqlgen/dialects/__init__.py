"""What differs between SQL dialects, as data. To add one: a file beside this, and a line in DIALECTS."""

from aops_indb.errors import UnknownNameError
from aops_indb.sqlgen.dialects.base import Dialect
from aops_indb.sqlgen.dialects.bigquery import BIGQUERY
from aops_indb.sqlgen.dialects.clickhouse import CLICKHOUSE
from aops_indb.sqlgen.dialects.databricks import DATABRICKS
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.dialects.mysql import MYSQL
from aops_indb.sqlgen.dialects.oracle import ORACLE
from aops_indb.sqlgen.dialects.postgres import POSTGRES
from aops_indb.sqlgen.dialects.redshift import REDSHIFT
from aops_indb.sqlgen.dialects.snowflake import SNOWFLAKE
from aops_indb.sqlgen.dialects.spark import SPARK
from aops_indb.sqlgen.dialects.sqlite import SQLITE
from aops_indb.sqlgen.dialects.teradata import TERADATA
from aops_indb.sqlgen.dialects.trino import TRINO
from aops_indb.sqlgen.dialects.tsql import TSQL

EXECUTED = (DUCKDB, POSTGRES, SPARK, SQLITE, CLICKHOUSE)
RENDERED_ONLY = (DATABRICKS, SNOWFLAKE, BIGQUERY, REDSHIFT, TRINO, TERADATA, TSQL, ORACLE, MYSQL)

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (*EXECUTED, *RENDERED_ONLY)}


def dialect(name: str) -> Dialect:
    """The dialect of that name; UnknownNameError with the closest if there is none."""
    try:
        return DIALECTS[name]
    except KeyError:
        raise UnknownNameError("dialect", name, DIALECTS) from None


__all__ = ["DIALECTS", "Dialect", "dialect"]
