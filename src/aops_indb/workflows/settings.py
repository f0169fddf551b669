"""aops.toml: which warehouse, where definitions lie."""

from __future__ import annotations

import tomllib
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from aops_indb.errors import CAUSES, SettingsError, UnknownNameError, explain_setting, setting_path
from aops_indb.features.setting_types import Moment

FILE_NAME = "aops.toml"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for key in given:
                if key not in cls.model_fields:
                    raise ValueError(str(UnknownNameError("setting", key, cls.model_fields)))
        return given


class Warehouse(_Section):
    """[warehouse]"""

    url: str = Field(description="Where the warehouse is, as SQLAlchemy writes it; paths start at aops.toml.")
    wait: float = Field(default=5.0, ge=0, description="Seconds to wait while another process holds the warehouse.")


class Definitions(_Section):
    """[definitions]"""

    features: tuple[str, ...] = Field(
        default=("feature_defs",), description="Folders with entities, sources, feature views and services."
    )
    models: tuple[str, ...] = Field(default=("model_defs",), description="Folders with models.")

    @model_validator(mode="after")
    def _check(self) -> Definitions:
        for folder in (*self.features, *self.models):
            path = PurePath(folder)
            if path.is_absolute() or not path.parts or ".." in path.parts:
                raise ValueError(f"{folder!r} is no folder below {FILE_NAME}: write e.g. feature_defs")
        return self


class Time(_Section):
    """[time]"""

    now: Moment | None = Field(
        default=None,
        description="A fixed moment, with a time zone, that features.<view> shows; default: the clock. "
        "For data that ended in the past.",
    )

    @model_validator(mode="after")
    def _check(self) -> Time:
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError("now needs a time zone: write 2013-12-31T17:00:00Z")
        return self


class Settings(_Section):
    """All of aops.toml."""

    warehouse: Warehouse
    definitions: Definitions = Definitions()
    time: Time = Time()


def find_project(start: Path) -> Path:
    """The nearest folder from start upward that holds aops.toml."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise SettingsError(
        f"no {FILE_NAME} in {start.resolve()} or above: make a project with  aops init --example flights , "
        "or name one with --project DIR"
    )


# setting or section -> how it is written
EXAMPLES = {
    "warehouse": '[warehouse] and below it url = "duckdb:///warehouse.duckdb"',
    "url": 'url = "duckdb:///warehouse.duckdb"',
    "wait": "wait = 5",
    "definitions": "[definitions]",
    "features": 'features = ["feature_defs"]',
    "models": 'models = ["model_defs"]',
    "time": "[time]",
    "now": "now = 2013-12-31T17:00:00Z",
}
_CAUSES = {**CAUSES, "model_type": "must be a section, not {given}"}


def read_settings(file: Path) -> Settings:
    """The settings in a file; SettingsError names the file and the setting."""
    try:
        return Settings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SettingsError(f"no file {file}: make a project with  aops init") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise SettingsError(f"{file}: {_explain(error)}") from error


def _explain(error: ValidationError) -> str:
    problem = error.errors()[0]
    section, *rest = problem["loc"] or ("",)
    place = f"[{section}] {setting_path(rest)}".strip() if section else "the file"
    return explain_setting(problem, place, examples=EXAMPLES, causes=_CAUSES)
