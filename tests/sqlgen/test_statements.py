"""Statements that are built of what people wrote."""

from __future__ import annotations

import pytest

from aops_indb.errors import DefinitionError
from aops_indb.sqlgen.statements import parse_table


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("visits", '"visits"'),
        ("raw.visits", '"raw"."visits"'),
        ('"My Schema"."T"', '"My Schema"."T"'),
        ("a.b.c", '"a"."b"."c"'),
        ('"say ""so"""', '"say ""so"""'),
        ('"visits -- scores"', '"visits -- scores"'),
    ],
)
def test_names_of_tables(name: str, shown: str) -> None:
    assert parse_table(name).sql("duckdb") == shown


@pytest.mark.parametrize(
    "name",
    ["visits -- scores", "visits /* a */", "visits; drop table t", "(select 1)", "a b", "a..b", "a.", "", None, 3],
)
def test_what_is_more_than_a_name_is_refused(name: object) -> None:
    with pytest.raises(DefinitionError, match="cannot be the name of a table"):
        parse_table(name)  # type: ignore[arg-type]
