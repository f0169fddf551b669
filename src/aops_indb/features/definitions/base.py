"""What all definitions have in common."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, PrivateAttr, ValidationError
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.setting_types import Text, first_problem, require_known_settings, require_names, title

EVENT_TIMESTAMP = "event_timestamp"
# modules between a definition as it is written and the place that is noted: these, pydantic's, those that write some
_BETWEEN = (__name__.rpartition(".")[0], BaseModel.__module__, "aops_indb.templates")


class Definition(BaseModel):
    """Common to all definitions: keyword arguments, frozen, with the place where they were written."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    _defined_at: str | None = PrivateAttr(default=None)

    description: Text = ""
    tags: dict[Text, Text] = {}
    owner: Text = ""

    def __init__(self, /, *unnamed: Any, **given: Any) -> None:
        where = _place_of_call()
        try:
            require_known_settings(type(self), unnamed, given)
            super().__init__(**given)
        except (ValidationError, DefinitionError, UnknownNameError) as error:
            raise DefinitionError(f"{title(type(self), given)}: {first_problem(error)}", where=where) from error
        self._defined_at = where

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            whole = title(type(self), dict(self))
            raise DefinitionError(f"{whole} is frozen: set {name} where it is defined, at {self.defined_at}")
        super().__setattr__(name, value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        # around the whole: what is given as a dict becomes the keywords of a call
        return no_info_before_validator_function(partial(require_names, cls), handler(source))

    @property
    def defined_at(self) -> str | None:
        """file:line of the definition."""
        return self._defined_at


def _place_of_call() -> str:
    """file:line of the innermost call outside of what makes definitions out of other things."""
    caller = sys._getframe(1)
    while caller.f_back and str(caller.f_globals.get("__name__")).startswith(_BETWEEN):
        caller = caller.f_back
    return f"{caller.f_code.co_filename}:{caller.f_lineno}"
