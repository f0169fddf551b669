"""Files of definitions: what is read, what is reported, and that projects in one process do not mix."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from aops_indb.errors import DefinitionError
from aops_indb.features.loader import Loaded, load_definitions

ROOT = Path(__file__).parents[2]

ENTITY = "from aops_indb import Entity\n{name} = Entity(name='{name}', join_keys=['{key}'])\n"


def entity(name: str, key: str = "k") -> str:
    return ENTITY.format(name=name, key=key)


def load(root: Path, files: Mapping[str, str], folders: tuple[str, ...] = ("defs",)) -> Loaded:
    """The definitions in files that are written below a root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load_definitions(root, folders)


def entities(loaded: Loaded) -> list[str]:
    return list(loaded.definitions.by_kind["entity"])


# name of a file, its content -> line, message
BROKEN = [
    ("x = 1\nif x\n", 2, "SyntaxError: expected ':'"),
    ("def f():\nreturn 1\n", 2, "SyntaxError: expected an indented block"),
    ("\nimport nothing_of_that_name\n", 2, "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    ("from aops_indb import Entiti\n", 1, "ImportError: cannot import name 'Entiti'"),
    ("from defs.good import bad\n", 1, "ImportError: cannot import name 'bad' from 'defs.good'"),
    ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
    ("import sys\nsys.exit('not today')\n", 2, "SystemExit: not today"),
    (
        "from aops_indb import Entity\ne = Entity(name='e', join_keys=[])\n",
        2,
        "Entity 'e': join_keys: give one or more",
    ),
    (
        "\nfrom aops_indb import Entity\ne = Entity(\n    name='e',\n    join_keys='k',\n)\n",
        3,
        "Entity 'e': join_keys must be",
    ),
    ("from aops_indb import Entity\n\nEntity(nam='e')\n", 3, "Entity(nam='e'): unknown setting 'nam': did you mean"),
    ("from aops_indb import Entity\n\nEntity('e')\n", 3, "Entity: settings are given by their names: write"),
    (
        "from aops_indb import Model, Split\nm = Model(\n    name='m',\n    train=Split(start='2013'),\n)\n",
        4,
        "Split(start='2013'): start: '2013' is no time",
    ),
    # its parts, given as dicts, are made by pydantic
    ("from aops_indb import Model\nModel(\n    name='m', train={'start': '2013'},\n)\n", 2, "Model 'm': Split(start="),
    (
        "from aops_indb import Field, DType\nField(\n    name='f',\n    dtype=DType.Integer)\n",
        4,
        "AttributeError: unknown DType 'Integer'",
    ),
    # the mistake of a caller, found inside another module
    ("import json\n\njson.loads('{')\n", 3, "JSONDecodeError: "),
]


@pytest.mark.parametrize(("text", "line", "message"), BROKEN)
def test_a_broken_file_is_reported_and_the_others_are_read(tmp_path: Path, text: str, line: int, message: str) -> None:
    loaded = load(
        tmp_path,
        {"defs/a.py": entity("a"), "defs/broken.py": text, "defs/good.py": entity("g"), "defs/z.py": entity("z")},
    )
    [problem] = loaded.problems
    assert problem.where == f"{tmp_path}/defs/broken.py:{line}"
    assert problem.message.startswith(message)
    assert entities(loaded) == ["a", "g", "z"]
    with pytest.raises(DefinitionError, match="broken"):
        loaded.require_sound()


def test_every_broken_file_is_reported(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"defs/a.py": "1 / 0", "defs/b.py": "import nothing", "defs/c.py": entity("c")})
    assert [problem.where for problem in loaded.problems] == [f"{tmp_path}/defs/a.py:1", f"{tmp_path}/defs/b.py:1"]
    assert entities(loaded) == ["c"]
    with pytest.raises(DefinitionError) as raised:
        loaded.require_sound()
    assert "division" in str(raised.value)
    assert "nothing" in str(raised.value)


def test_a_file_that_a_broken_one_is_imported_by_is_not_to_blame(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"defs/a.py": "from defs.b import e", "defs/b.py": "\n\n1 / 0"})
    assert [problem.where for problem in loaded.problems] == [f"{tmp_path}/defs/b.py:3"]


def test_a_mistake_found_in_an_installed_package_is_that_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The virtual environment often lies in the project's folder."""
    installed = tmp_path / ".venv/site-packages"
    monkeypatch.syspath_prepend(installed)
    files = {
        ".venv/site-packages/a_package_of_theirs.py": "def check():\n    raise ValueError('no')\n",
        "defs/a.py": "import a_package_of_theirs\n\na_package_of_theirs.check()\n",
    }
    [problem] = load(tmp_path, files).problems
    assert str(problem) == f"{tmp_path}/defs/a.py:3: ValueError: no"
    # and what is installed stays imported
    assert sys.modules.pop("a_package_of_theirs").__file__ == str(installed / "a_package_of_theirs.py")


def test_files_import_each_other(tmp_path: Path) -> None:
    view = """
from aops_indb import DataSource, DType, FeatureView, Field
from defs.z import e
from models.m import source
v = FeatureView(name="v", entities=[e], source=source, schema=[Field(name="x", dtype=DType.Int64)])
"""
    source = "from aops_indb import DataSource\nsource = DataSource(name='s', table='t')\n"
    files = {"defs/a.py": view, "defs/z.py": entity("e"), "models/m.py": source}
    loaded = load(tmp_path, files, ("defs", "models"))
    assert loaded.problems == ()
    assert {kind: list(named) for kind, named in loaded.definitions.by_kind.items() if named} == {
        "entity": ["e"], "data_source": ["s"], "feature_view": ["v"]
    }  # fmt: skip
    assert loaded.definitions.views["v"].entities[0] is loaded.definitions.by_kind["entity"]["e"]


def test_files_that_import_each_other_in_a_circle_are_reported(tmp_path: Path) -> None:
    circle = {"defs/a.py": "from defs.b import b\na = 1", "defs/b.py": "from defs.a import a\nb = 1"}
    loaded = load(tmp_path, {**circle, "defs/c.py": entity("c")})
    assert {problem.where for problem in loaded.problems} == {f"{tmp_path}/defs/a.py:1", f"{tmp_path}/defs/b.py:1"}
    assert all("circular import" in problem.message for problem in loaded.problems)
    assert entities(loaded) == ["c"]


@pytest.mark.parametrize("folder", ["defs", "./defs", "defs/", "some/defs"])
def test_two_projects_do_not_mix(tmp_path: Path, folder: str) -> None:
    """Their files have the same names, and so have helpers beside the folders."""
    package = folder.removeprefix("./").strip("/").replace("/", ".")
    modules, path = dict(sys.modules), list(sys.path)
    for project, key in [("one", "first"), ("two", "second"), ("one", "first")]:
        text = f"from {package}.part import KEY\nfrom helper import NAME\nfrom helpers.deep import check\n"
        text += "from aops_indb import Entity\ne = Entity(name=NAME, join_keys=[KEY, check()])\n"
        files = {
            f"{folder}/a.py": text,
            f"{folder}/part.py": f"KEY = '{key}'\n",
            "helper.py": f"NAME = 'of_{key}'\n",
            "helpers/__init__.py": "",
            "helpers/deep.py": f"def check():\n    return '{key}_deep'\n",
        }
        loaded = load(tmp_path / project, files, (folder,))
        assert loaded.problems == ()
        assert {e.model_dump()["join_keys"] for e in loaded.definitions.by_kind["entity"].values()} == {
            (key, f"{key}_deep")
        }
        assert entities(loaded) == [f"of_{key}"]
    assert sys.path == path
    assert {name for name in set(sys.modules) - set(modules) if "help" in name or name.startswith(package)} == set()


def test_modules_of_the_same_name_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = type(sys)("defs")
    monkeypatch.setitem(sys.modules, "defs", ours)
    assert entities(load(tmp_path, {"defs/a.py": entity("a")})) == ["a"]
    assert sys.modules["defs"] is ours


def test_nothing_is_written_beside_the_files(tmp_path: Path) -> None:
    load(tmp_path, {"defs/a.py": entity("a")})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.py", "defs"]


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    assert entities(load(tmp_path, {"defs/a.py": entity("a")})) == ["a"]
    assert entities(load(tmp_path, {"defs/a.py": entity("b")})) == ["b"]


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"no folder 'defs' in .*: correct \[definitions\] in aops.toml"):
        load_definitions(tmp_path, ["defs"])
    (tmp_path / "defs").mkdir()
    assert load_definitions(tmp_path, ["defs"]).problems == ()


# ── one name, two definitions ──────────────────────────────────────────────────────────────────────────


def test_alike_in_two_files_is_one(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"defs/a.py": entity("e"), "defs/b.py": entity("e")})
    assert loaded.problems == ()
    assert entities(loaded) == ["e"]


def test_differing_in_two_files(tmp_path: Path) -> None:
    loaded = load(
        tmp_path, {"defs/a.py": entity("e", "k"), "defs/b.py": "\n" + entity("e", "other"), "defs/c.py": entity("c")}
    )
    [problem] = loaded.problems
    assert problem.where == f"{tmp_path}/defs/b.py:3"
    assert problem.message == f"entity 'e' is defined twice, and differently: first at {tmp_path}/defs/a.py:2"
    assert entities(loaded) == ["e", "c"]


# ── the example ────────────────────────────────────────────────────────────────────────────────────────


def test_the_example() -> None:
    loaded = load_definitions(ROOT, ["feature_defs"])
    assert loaded.problems == ()
    assert set(loaded.definitions.views) == {
        "traffic", "place", "weather", "carrier_delay", "carrier_cancellation", "number_delay", "number_late",
        "number_late_overall", "plane_history", "plane_facts", "plane_operator", "route_delay", "route_delay__v1",
    }  # fmt: skip
    assert set(loaded.definitions.aliased_views) == {
        "origin_traffic", "dest_traffic", "origin_place", "dest_place", "origin_weather"
    }  # fmt: skip
    assert set(loaded.definitions.services) == {"flight_delay_features", "flight_delay_features_v1"}
