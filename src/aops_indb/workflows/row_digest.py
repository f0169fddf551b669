"""What a table holds, in 64 characters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from aops_indb.engines import Session
from aops_indb.sqlgen.build import cast, col, count_star, func, string_agg
from aops_indb.sqlgen.lists import struct
from aops_indb.sqlgen.statements import Table, select, subquery


def digest_of(session: Session, relation: Table, columns: Mapping[str, str]) -> tuple[str, int]:
    """SHA-256 over columns' names, types and rows of a table, whatever their order; and how many rows.

    columns: name -> type, in order
    """
    row = func("SHA256", cast(func("TO_JSON", struct({column: col(column) for column in columns})), "VARCHAR"))
    hashes = select({"row_digest": row}, relation.copy())
    every_row = func("SHA256", string_agg(col("row_digest"), order_by=[col("row_digest")]))
    content, rows = session.rows(select({"digest": every_row, "n": count_star()}, subquery(hashes, "hashes")))[0]
    description = json.dumps([list(columns.items()), content, rows])
    return hashlib.sha256(description.encode()).hexdigest(), rows
