"""aops.toml: what it may say, and what is told of what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from aops_indb import Project
from aops_indb.errors import SettingsError
from aops_indb.workflows.settings import EXAMPLES, Settings, read_settings

URL = '[warehouse]\nurl = "duckdb:///w.duckdb"\n'

# Text of the file, and what the error says after its name.
WRONG = {
    "": '[warehouse] is missing: write e.g. [warehouse] and below it url = "duckdb:///',
    '[Warehouse]\nurl = "x"\n': "the file: unknown setting 'Warehouse': did you mean 'warehouse'?",
    "[warehouse": "is not valid TOML: ",
    "[warehouse]\n": '[warehouse] url is missing: write e.g. url = "duckdb:///',
    '[warehouse]\nulr = "x"\n': "[warehouse]: unknown setting 'ulr': did you mean 'url'?",
    '[warehose]\nurl = "x"\n': "the file: unknown setting 'warehose': did you mean 'warehouse'?",
    f"{URL}[definition]\n": "the file: unknown setting 'definition': did you mean 'definitions'?",
    f"{URL}waits = 3\n": "[warehouse]: unknown setting 'waits': did you mean 'wait'?",
    "warehouse = 3\n": "[warehouse] must be a section, not 3: write e.g. [warehouse] and below it url =",
    "[warehouse]\nurl = 3\n": '[warehouse] url must be text in quotes, not 3: write e.g. url = "duckdb:///',
    f'{URL}wait = "soon"\n': "[warehouse] wait must be a number, not 'soon': write e.g. wait = 5",
    f"{URL}wait = -1\n": "[warehouse] wait must be 0.0 or more, not -1: write e.g. wait = 5",
    f"{URL}wait = []\n": "[warehouse] wait must be a number, not a list: write e.g. wait = 5",
    f"{URL}[time]\nnow = 2024-07-01T00:00:00\n": "[time]: now needs a time zone: write 2013-12-31T17:00:00Z",
    f'{URL}[time]\nnow = "soon"\n': "[time] now: 'soon' is no time: write a day or a moment",
    f"{URL}[time]\nnow = 2013\n": "[time] now: 2013 is no time: write a day or a moment",
    f'{URL}[definitions]\nfeatures = "feature_defs"\n': "[definitions] features must be a list, not 'feature_defs': "
    'write e.g. features = ["feature_defs"]',
    f"{URL}[definitions]\nfeatures = [3]\n": "[definitions] features[0] must be text in quotes, not 3: write e.g. feat",
    f'{URL}[definitions]\nfeatures = ["../x"]\n': "[definitions]: '../x' is no folder below aops.toml",
    f'{URL}[definitions]\nmodels = ["/tmp"]\n': "[definitions]: '/tmp' is no folder below aops.toml",
    f'{URL}[definitions]\nmodels = ["."]\n': "[definitions]: '.' is no folder below aops.toml",
}

# URLs, and what is told of them.
WRONG_URLS = {
    "": "is not a URL: a DuckDB file is written duckdb:///",
    "w.duckdb": "'w.duckdb' is not a URL: a DuckDB file is written duckdb:///w.duckdb",
    "duckdb://w.duckdb": "names no DuckDB file: write duckdb:///path/to/file.duckdb or duckdb:///:memory:",
    "duckdb:///": "names no DuckDB file",
    "mysql://me@there/db": "begins with 'mysql', which no engine answers to: known are duckdb",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_settings(tmp_path: Path, text: str) -> None:
    file = tmp_path / "aops.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Project.load(tmp_path)
    assert str(caught.value).startswith(str(file))
    assert str(caught.value).removeprefix(str(file)).lstrip(": ").startswith(WRONG[text])


@pytest.mark.parametrize(
    ("section", "kind"), [(name, field.annotation) for name, field in Settings.model_fields.items()]
)
def test_what_a_message_says_to_write_is_right(tmp_path: Path, section: str, kind: type[BaseModel]) -> None:
    written = [f"[{section}]", *(EXAMPLES[setting] for setting in kind.model_fields)]
    (tmp_path / "aops.toml").write_text("\n".join([*written, *([URL] if section != "warehouse" else [])]))
    read = getattr(read_settings(tmp_path / "aops.toml"), section)
    assert read.model_fields_set == set(kind.model_fields)
    assert EXAMPLES[section].startswith(f"[{section}]")


@pytest.mark.parametrize("url", WRONG_URLS)
def test_wrong_urls(tmp_path: Path, url: str) -> None:
    (tmp_path / "aops.toml").write_text(f'[warehouse]\nurl = "{url}"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Project.load(tmp_path)
    assert WRONG_URLS[url] in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "aops.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not valid TOML: 'utf-8' codec can't decode"):
        Project.load(tmp_path)


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "aops.toml").mkdir()
    with pytest.raises(SettingsError, match=r"no aops.toml in .* or above: make a project with  aops init"):
        Project.load(tmp_path)
    with pytest.raises(SettingsError, match=r"aops.toml cannot be read: Is a directory"):
        Project.load(tmp_path / "aops.toml")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no aops.toml in .* or above"):
        Project.load(tmp_path)
    with pytest.raises(SettingsError, match=r"no file .*other.toml: make a project with  aops init"):
        Project.load(tmp_path / "other.toml")


def test_the_nearest_file_upward(tmp_path: Path) -> None:
    (tmp_path / "aops.toml").write_text(URL, encoding="utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    for start in (tmp_path, below, tmp_path / "aops.toml", str(below)):
        assert Project.load(start).root == tmp_path


def test_the_warehouse_lies_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aops.toml").write_text(f"{URL}[definitions]\nfeatures = []\nmodels = []\n", encoding="utf-8")
    monkeypatch.chdir("/")
    Project.load(tmp_path).plan()
    assert (tmp_path / "w.duckdb").is_file()
