"""Digests of rows, as PostgreSQL makes them."""

from __future__ import annotations

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, anonymous, cast, lit
from aops_indb.sqlgen.row_digests import is_row_hash


def hashes_of_bytes(node: exp.Anonymous) -> Expr:
    """`SHA256(text)` in hexadecimal, of the text's bytes in UTF-8; and the hash of a row, by that of its JSON.

    >>> hashes_of_bytes(anonymous("SHA256", lit("a"))).sql("postgres")
    "ENCODE(SHA256(CONVERT_TO('a', 'UTF8')), 'hex')"
    """
    if is_row_hash(node):
        whole = cast(anonymous("TO_JSON", anonymous("ROW", *node.expressions)), "VARCHAR")
        return anonymous("HASHTEXTEXTENDED", whole, lit(0))
    if node.name.upper() != "SHA256":
        return node
    return anonymous(
        "ENCODE", anonymous("SHA256", anonymous("CONVERT_TO", node.expressions[0], lit("UTF8"))), lit("hex")
    )
