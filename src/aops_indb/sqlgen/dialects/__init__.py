"""What differs between SQL dialects, as data. To add one: a file beside this, and a line in DIALECTS."""

from aops_indb.errors import UnknownNameError
from aops_indb.sqlgen.dialects.base import Dialect
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.dialects.postgres import POSTGRES

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (DUCKDB, POSTGRES)}


def dialect(name: str) -> Dialect:
    """The dialect of that name; UnknownNameError with the closest if there is none."""
    try:
        return DIALECTS[name]
    except KeyError:
        raise UnknownNameError("dialect", name, DIALECTS) from None


__all__ = ["DIALECTS", "Dialect", "dialect"]
