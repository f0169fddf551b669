"""Imports go down the floors only, and what is kept to one room stays in it; read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "aops_indb"
MODULES = sorted(PACKAGE.rglob("*.py"))

# room -> floor; a room may import from lower floors and from itself
FLOORS = {
    "errors": 0,
    "shipped": 1,
    "sqlgen": 1,
    "features": 2,
    "scoring": 2,
    "monitoring": 2,
    "engines": 2,
    "registry": 3,
    "templates": 3,
    "workflows": 4,
    "cli": 5,
    "demo": 6,
}

# library -> the rooms that may import it, and whether only inside functions
CONFINED = {
    "sqlglot": ({"sqlgen"}, False),
    "sqlalchemy": ({"engines", "registry"}, False),
    "duckdb": ({"engines"}, True),
    "duckdb_engine": ({"engines"}, True),
    "typer": ({"cli"}, False),
    "rich": ({"cli", "demo"}, True),
    "sklearn": ({"scoring", "workflows"}, True),
    "skl2onnx": ({"scoring"}, True),
    "onnxmltools": ({"scoring"}, True),
    "onnxruntime": ({"scoring"}, True),
    "onnx": ({"scoring"}, True),
    "xgboost": ({"scoring", "workflows"}, True),
    "lightgbm": ({"scoring", "workflows"}, True),
    "catboost": ({"scoring", "workflows"}, True),
    "skops": ({"workflows"}, True),
    "pandas": ({"scoring", "workflows"}, True),
    "pyarrow": ({"scoring", "workflows", "engines"}, True),
    "adbc_driver_postgresql": ({"engines"}, True),
    "psycopg": ({"engines"}, True),
    "pyspark": ({"engines"}, True),
}


def room(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(module: Path) -> Iterator[tuple[str, bool]]:
    """Every module imported, and whether at the top of the file; imports for type checking alone do not count."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    hidden = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    nested = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            yield name, id(node) not in nested


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_imports_go_down(module: Path) -> None:
    here = room(module)
    if here == "__init__":
        return
    for name, _ in imports(module):
        if not name.startswith("aops_indb."):
            continue
        there = name.split(".")[1]
        assert there == here or FLOORS[there] < FLOORS[here], f"{module.name} in {here} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(module: Path) -> None:
    for name, at_top in imports(module):
        library = name.split(".")[0]
        if library in CONFINED:
            rooms, inside_functions = CONFINED[library]
            assert room(module) in rooms, f"{module} imports {library}, which belongs to {sorted(rooms)}"
            assert not (inside_functions and at_top), f"{module} imports {library} at the top: import it where used"


def test_every_room_has_a_floor() -> None:
    rooms = {room(module) for module in MODULES} - {"__init__"}
    assert rooms <= set(FLOORS), f"give a floor to {sorted(rooms - set(FLOORS))}"
