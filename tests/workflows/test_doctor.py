"""The doctor: what it finds of a project that is well, and of one that is not, and how to mend that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from aops_indb.workflows.doctor import examine

from .shop import FOLDER, SETTINGS, Shop


def test_a_project_that_is_well(applied_shop: Shop) -> None:
    findings = examine(applied_shop.folder)
    assert {finding.check: finding.seen for finding in findings if finding.ok} == {
        "python": ".".join(map(str, sys.version_info[:3])),
        "settings": str(applied_shop.folder),
        "definitions": (
            "1 entity, 2 data_source, 1 request_source, 2 feature_view, 1 on_demand_feature, 1 feature_service, 1 model"
        ),
        "warehouse": "duckdb:///shop.duckdb",
        "engine": f"duckdb v{duckdb.__version__}",
        "rights": "schemas can be made and dropped",
        "metadata": "version 1",
    }
    assert all(finding.ok for finding in findings)


def test_a_project_of_which_nothing_was_applied(shop: Shop) -> None:
    findings = {finding.check: finding for finding in examine(shop.folder)}
    assert findings["metadata"].ok
    assert findings["metadata"].seen == "no metadata tables yet: they are made when first needed"


def test_the_doctor_leaves_no_trace(applied: Shop) -> None:
    before = applied.objects()
    examine(applied.folder)
    assert applied.objects() == before
    assert applied.rows("SELECT schema_name FROM duckdb_schemas() WHERE schema_name LIKE 'aops_%'") == []


def spoil_settings(shop: Shop) -> None:
    shop.write("aops.toml", SETTINGS.replace("url", "ulr"))


def spoil_url(shop: Shop) -> None:
    shop.write("aops.toml", SETTINGS.replace("shop.duckdb", "nowhere/shop.duckdb"))


def spoil_file(shop: Shop) -> None:
    shop.warehouse.write_bytes(b"Dear Anna, " * 1000)


def spoil_folder(shop: Shop) -> None:
    (shop.folder / FOLDER).rename(shop.folder / "elsewhere")


def spoil_definition(shop: Shop) -> None:
    shop.edit("customer", '"60d"', '"60 dayz"')


def spoil_metadata(shop: Shop) -> None:
    shop.execute(
        "INSERT INTO aops.schema_migrations SELECT * REPLACE (99 AS version) FROM aops.schema_migrations LIMIT 1"
    )


# How it is spoilt; the check that fails, words of what is seen, and of what to do.
SPOILT: list[tuple[Callable[[Shop], None], str, str, str]] = [
    (spoil_settings, "settings", "unknown setting 'ulr'", "did you mean 'url'?"),
    (spoil_url, "warehouse", "No such file or directory", "create its folder, or correct the url in aops.toml"),
    (spoil_file, "warehouse", "cannot open", "correct the url in aops.toml"),
    (spoil_folder, "definitions", f"no folder '{FOLDER}'", "correct [definitions] in aops.toml, or make it"),
    (spoil_definition, "definitions", "'60 dayz' is no length of time", f"/{FOLDER}/customer.py:13"),
    (spoil_metadata, "metadata", "version 99, newer than this release", "upgrade aops-indb"),
]


@pytest.mark.parametrize(("spoil", "check", "seen", "mend"), SPOILT, ids=[row[0].__name__ for row in SPOILT])
def test_a_project_that_is_not_well(
    applied: Shop, spoil: Callable[[Shop], None], check: str, seen: str, mend: str
) -> None:
    spoil(applied)
    [bad] = [finding for finding in examine(applied.folder) if not finding.ok]
    assert bad.check == check
    assert seen in bad.seen
    assert mend in f"{bad.seen}; {bad.mend}"
    assert bad.mend


def test_no_project(tmp_path: Path) -> None:
    _, bad = examine(tmp_path)
    assert (bad.check, bad.ok) == ("settings", False)
    assert bad.seen == f"no aops.toml in {tmp_path} or above"
    assert bad.mend.startswith("make a project with  aops init")


def test_a_warehouse_that_is_held(applied: Shop) -> None:
    applied.write("aops.toml", SETTINGS.replace("wait = 1", "wait = 0"))
    code = f"import duckdb; c = duckdb.connect({str(applied.warehouse)!r}); print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        [bad] = [finding for finding in examine(applied.folder) if not finding.ok]
        holder.communicate("\n")
    assert bad.check == "warehouse"
    assert f"is held by process {holder.pid}" in bad.seen
    assert bad.mend == f"wait for it to end, or stop it with  kill {holder.pid}"
