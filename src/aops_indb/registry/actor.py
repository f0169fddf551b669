"""Who acts, and how that is known."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import unicodedata
from dataclasses import dataclass

from aops_indb.errors import SettingsError

# controls such as the end of a line, and bytes that are no UTF-8
_NO_TEXT = ("Cc", "Cs")


@dataclass(frozen=True, slots=True)
class Actor:
    """A name, and where it comes from: AOPS_ACTOR or the operating system."""

    name: str
    source: str


def current_actor() -> Actor:
    """Whoever runs this process: AOPS_ACTOR if set, else the operating system's user. SettingsError if it is no text.

    >>> current_actor().source in ("AOPS_ACTOR", "operating system")
    True
    """
    named = os.environ.get("AOPS_ACTOR", "").strip()
    if any(unicodedata.category(character) in _NO_TEXT for character in named):
        raise SettingsError(f"AOPS_ACTOR is {named!r}, which has characters that are no text: give a name in UTF-8")
    return Actor(named, "AOPS_ACTOR") if named else Actor(_system_user(), "operating system")


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container may run under a number without a name
        return f"uid {os.getuid()}"


def now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)
