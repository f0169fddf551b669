"""Changes that happen wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from aops_indb.engines import Session

P = ParamSpec("P")
T = TypeVar("T")


def atomic(change: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[Session, P], T]:
    """The function in the caller's transaction; in one of its own if the caller has none."""

    @wraps(change)
    def run(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if session.in_transaction:
            return change(session, *args, **kwargs)
        with session.transaction():
            return change(session, *args, **kwargs)

    return run
