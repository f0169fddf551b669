"""What a table holds, in 64 characters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from aops_indb.engines import Session
from aops_indb.sqlgen.build import count_star
from aops_indb.sqlgen.row_digests import hash_of_all, row_hashes
from aops_indb.sqlgen.statements import Table, select, subquery

_DIGEST = "row_digest"


def digest_of(session: Session, relation: Table, columns: Mapping[str, str]) -> tuple[str, int]:
    """SHA-256 over columns' names, types and rows of a table, whatever their order; and how many rows.

    columns: name -> type, in order
    """
    hashes = subquery(row_hashes(relation.copy(), columns, _DIGEST), "hashes")
    content, rows = session.rows(select({"digest": hash_of_all(_DIGEST), "n": count_star()}, hashes))[0]
    description = json.dumps([list(columns.items()), content, rows])
    return hashlib.sha256(description.encode()).hexdigest(), rows
