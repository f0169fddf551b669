"""Shops in three states, made once and copied for each test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .shop import Shop, make_shop

GIT = ["git", "-c", "user.name=tester", "-c", "user.email=tester@example.org"]


@pytest.fixture(scope="session")
def raw_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Definitions in a git repository, and raw tables. Not to be changed; as are the next two."""
    shop = make_shop(tmp_path_factory.mktemp("raw") / "shop")
    shop.write(".gitignore", "*.duckdb*\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A shop"]):
        subprocess.run([*GIT, *command], cwd=shop.folder, check=True)
    return shop


@pytest.fixture(scope="session")
def applied_shop(raw_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With everything applied."""
    shop = raw_shop.copy(tmp_path_factory.mktemp("applied") / "shop")
    shop.project.apply()
    return shop


@pytest.fixture(scope="session")
def trained_shop(applied_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With both candidates trained, as versions 1 (logistic) and 2 (boosting), and 1 promoted."""
    shop = applied_shop.copy(tmp_path_factory.mktemp("trained") / "shop")
    shop.project.train("returns")
    shop.project.promote("returns:1")
    return shop


@pytest.fixture
def shop(raw_shop: Shop, tmp_path: Path) -> Shop:
    """A project of which nothing was applied."""
    return raw_shop.copy(tmp_path / "shop")


@pytest.fixture
def applied(applied_shop: Shop, tmp_path: Path) -> Shop:
    """A project that was applied."""
    return applied_shop.copy(tmp_path / "shop")


@pytest.fixture
def trained(trained_shop: Shop, tmp_path: Path) -> Shop:
    """A project with two trained versions, the first of them the champion."""
    return trained_shop.copy(tmp_path / "shop")
