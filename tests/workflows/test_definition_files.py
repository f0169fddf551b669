"""Definition files with something wrong: told with file and line, and no reason not to list the rest."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from aops_indb.errors import DefinitionError
from aops_indb.workflows.catalog import list_kind
from aops_indb.workflows.doctor import examine
from aops_indb.workflows.history import history_of
from aops_indb.workflows.show import describe

from .shop import FOLDER, Shop

CUSTOMER, ORDERS, RETURNS = (f"{FOLDER}/{name}.py" for name in ("customer", "orders", "models/returns"))

# File, what it says, what it says instead; then where the error is, and words of it.
FILES: dict[str, tuple[str, str, str, str, str]] = {
    "syntax": (CUSTOMER, "customer = Entity(", "customer = Entity((", f"{CUSTOMER}:3", "SyntaxError"),
    "a module": (CUSTOMER, "from aops_indb import", "import pandsa\nfrom aops_indb import", f"{CUSTOMER}:1", "pandsa"),
    "a name": (ORDERS, "import customer, customer_profile", "import custmer", f"{ORDERS}:2", "'custmer'"),
    "any error": (ORDERS, "orders = Data", "1 / 0\norders = Data", f"{ORDERS}:4", "ZeroDivisionError"),
    "an exit": (ORDERS, "orders = Data", "raise SystemExit(3)\norders = Data", f"{ORDERS}:4", "SystemExit: 3"),
    "a ttl": (CUSTOMER, '"60d"', '"60 dayz"', f"{CUSTOMER}:13", "ttl: '60 dayz' is no length of time"),
    "a function": (ORDERS, '"mean"', '"avg"', f"{ORDERS}:14", "unknown aggregation function 'avg'"),
    "an argument": (CUSTOMER, "ttl=", "tll=", f"{CUSTOMER}:13", "tll"),
    "SQL": (CUSTOMER, "credit_cents / 100", "credit_cents /", f"{CUSTOMER}:22", "cannot parse 'credit_cents /'"),
    "two statements": (CUSTOMER, "credit_cents / 100", "1; DROP TABLE raw.orders", f"{CUSTOMER}:22", "found 2"),
    "a look at other rows": (ORDERS, "amount / mean", "sum(amount) / mean", f"{ORDERS}:27", "looks at other rows"),
    "a name that cannot be one": (CUSTOMER, 'name="customer_profile"', 'name="customer profile"', f"{CUSTOMER}:13",
                                  "'customer profile' cannot be a name"),
}  # fmt: skip

# What the files say is right by itself, and does not fit the warehouse, or another definition.
MISFITS: dict[str, tuple[str, str, str, str, str]] = {
    "a table": (ORDERS, '"raw.orders"', '"raw.ordrs"', f"{ORDERS}:4", "data source 'orders': .*Did you mean"),
    "a timestamp": (ORDERS, '="placed_at"', '="placd_at"', f"{ORDERS}:4",
                    "column of source 'orders' 'placd_at': did you mean 'placed_at'?"),
    "a time of writing": (CUSTOMER, '="written_at"', '="writen_at"', f"{CUSTOMER}:5", "did you mean 'written_at'?"),
    "a timestamp of text": (ORDERS, '="placed_at"', '="channel"', f"{ORDERS}:4",
                            "data source 'orders': channel is VARCHAR, and must be TIMESTAMPTZ or TIMESTAMP"),
    "a key": (CUSTOMER, '["customer_id"]', '["customr_id"]', f"{CUSTOMER}:13", "did you mean 'customer_id'?"),
    "a field": (CUSTOMER, 'name="segment"', 'name="segmnt"', f"{CUSTOMER}:13",
                "unknown field of source 'profiles' 'segmnt': did you mean 'segment'?"),
    "an aggregated column": (ORDERS, 'column="amount"', 'column="amont"', f"{ORDERS}:6", "did you mean 'amount'?"),
    "a column in an expression": (CUSTOMER, "credit_cents / 100", "credit_sents / 100", f"{CUSTOMER}:13",
                                  'feature view \'customer_profile\': .*"credit_sents" not found'),
    "a column in a filter": (ORDERS, "status <>", "statu <>", f"{ORDERS}:6",
                             'feature view \'customer_orders\': .*"statu" not found'),
    "a type": (ORDERS, 'column="amount"', 'column="channel", name="mean_amount"', f"{ORDERS}:6", "VARCHAR"),
    "a rate of an amount": (ORDERS, 'expr="returned"', 'expr="amount"', f"{ORDERS}:6",
                            "'customer_orders': rate of amount, which is DOUBLE, and must be a condition.*amount > 0"),
    "a feature of a service": (ORDERS, '"order_request:channel"', '"order_request:chanel"', f"{ORDERS}:35",
                               "FeatureService 'order_features': .*did you mean 'order_request:channel'"),
    "an input": (ORDERS, '"customer_orders:mean', '"customer_ordrs:mean', f"{ORDERS}:27",
                 "OnDemandFeature 'amount_ratio': .*did you mean 'customer_orders'"),
    "a model's table": (RETURNS, "FROM raw.orders", "FROM raw.ordrs", f"{RETURNS}:36", "model 'returns': the spine"),
    "a model's key": (RETURNS, 'keys=["order_id"', 'keys=["ordr_id"', f"{RETURNS}:36", "did you mean 'order_id'?"),
    "a model's entity": (RETURNS, "SELECT order_id, customer_id", "SELECT order_id, customer_id AS customer",
                         f"{RETURNS}:36", "'customer_id'.*did you mean 'customer'"),
    "a model's target": (RETURNS, 'target="returned"', 'target="retuned"', f"{RETURNS}:36", '"retuned" not found'),
    "a model's population": (RETURNS, '"returned IS', '"retuned IS', f"{RETURNS}:36", '"retuned" not found'),
    "a model's split": (RETURNS, "    target=", '    split_by="placed",\n    target=', f"{RETURNS}:36",
                        "column of the spine in split_by 'placed'"),
    "a function nobody has": (ORDERS, "amount / mean_amount_28d", "amounts(amount, mean_amount_28d)",
                              f"{RETURNS}:36", "amounts does not exist"),
}  # fmt: skip


def break_file(shop: Shop, case: tuple[str, str, str, str, str]) -> None:
    file, old, new, _, _ = case
    shop.edit(file.removeprefix(f"{FOLDER}/").removesuffix(".py"), old, new)


@pytest.mark.parametrize("case", FILES)
def test_a_broken_file_is_told_with_its_line(applied: Shop, case: str) -> None:
    break_file(applied, FILES[case])
    _, _, _, where, words = FILES[case]
    for attempt in (applied.project.plan, applied.project.apply, lambda: applied.project.train("returns")):
        with pytest.raises(DefinitionError) as caught:
            attempt()
        assert f"{applied.folder}/{where}: " in str(caught.value)
        assert words in str(caught.value)
    # and everything that was applied is listed, with the problem beside it
    listed = list_kind(applied.project, "views")
    assert [row[0] for row in listed.rows] == ["customer_orders", "customer_profile"]
    assert any(where in problem and words in problem for problem in listed.problems)
    assert describe(applied.project, "customer_orders").name == "customer_orders"
    assert history_of(applied.project, "customer_orders").rows


@pytest.mark.parametrize("case", MISFITS)
def test_a_misfit_is_told_with_its_line(applied: Shop, case: str) -> None:
    break_file(applied, MISFITS[case])
    _, _, _, where, words = MISFITS[case]
    before = applied.objects()
    with pytest.raises(DefinitionError) as caught:
        applied.project.apply()
    assert str(caught.value).startswith(f"{applied.folder}/{where}: "), str(caught.value)
    pattern = words if ".*" in words else re.escape(words)
    assert re.search(pattern, str(caught.value), re.DOTALL), str(caught.value)
    assert applied.objects() == before
    assert len(list_kind(applied.project, "views").rows) == 2


def test_a_file_more_that_is_broken(applied: Shop) -> None:
    applied.write(f"{FOLDER}/more.py", "x = (\n")
    applied.write(f"{FOLDER}/models/most.py", "import nothing_at_all\n")
    with pytest.raises(DefinitionError) as caught:
        applied.project.plan()
    first, second = str(caught.value).splitlines()
    assert first == f"{applied.folder}/{FOLDER}/more.py:1: SyntaxError: '(' was never closed"
    assert (
        second == f"{applied.folder}/{FOLDER}/models/most.py:1: ModuleNotFoundError: No module named 'nothing_at_all'"
    )
    findings = examine(applied.folder)
    assert [finding.mend for finding in findings if not finding.ok] == [
        f"correct {applied.folder}/{FOLDER}/more.py:1",
        f"correct {applied.folder}/{FOLDER}/models/most.py:1",
    ]


def test_two_definitions_of_one_name(applied: Shop) -> None:
    applied.write(
        f"{FOLDER}/again.py", 'from aops_indb import Entity\nagain = Entity(name="customer", join_keys=["id"])\n'
    )
    with pytest.raises(DefinitionError) as caught:
        applied.project.plan()
    told = "entity 'customer' is defined twice, and differently: first at"
    assert str(caught.value) == (f"{applied.folder}/{CUSTOMER}:3: {told} {applied.folder}/{FOLDER}/again.py:2")
    assert len(list_kind(applied.project, "entities").rows) == 1


def test_the_same_definition_twice_is_one(applied: Shop) -> None:
    customer = 'Entity(name="customer", join_keys=["customer_id"], description="Who orders")'
    applied.write(f"{FOLDER}/again.py", f"from aops_indb import Entity\nagain = {customer}\n")
    assert applied.project.plan().changes == ()


def test_sources_of_two_kinds_of_time(applied: Shop) -> None:
    applied.execute("ALTER TABLE raw.profiles ALTER written_at TYPE TIMESTAMP")
    with pytest.raises(
        DefinitionError, match=r"customer.py:5: data source 'profiles': one of its two times has a time zone"
    ):
        applied.project.plan()


def test_what_a_file_prints_does_not_get_among_results(applied: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    applied.write(f"{FOLDER}/loud.py", "print('loaded')\n")
    applied.project.plan()
    assert capsys.readouterr() == ("", "loaded\n")


def test_projects_do_not_share_modules(applied: Shop, tmp_path: Path) -> None:
    other = applied.copy(tmp_path / "other")
    other.edit("customer", 'ttl="60d"', 'ttl="30d"')
    first, second = applied.project, other.project
    assert (first.plan().counts(), second.plan().counts()) == ({}, {"change": 1})
    assert str(first.definitions.views["customer_profile"].ttl) == "60 days, 0:00:00"


def test_a_folder_that_is_missing(applied: Shop) -> None:
    os.rename(applied.folder / FOLDER, applied.folder / "elsewhere")
    with pytest.raises(DefinitionError, match=rf"no folder '{FOLDER}' in .*: correct \[definitions\] in aops.toml"):
        applied.project.plan()
