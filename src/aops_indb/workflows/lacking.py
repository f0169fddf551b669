"""What a warehouse does not have, or the life cycle does not do on it yet: told by name, with what to do instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aops_indb.errors import AopsError, DefinitionError

# engine -> what is not done on it yet -> what to do instead
NOT_YET: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "aops profile": "read the table's columns and their comments there, and write the definitions by hand",
        "a version of a view beside the one that takes its place": "define both, as version=1 and version=2, until no "
        "live version of a model is bound to the first",
    }
}

_FOR_RENDERING = ": render it for duckdb"


def require_done(engine: str, what: str) -> None:
    """AopsError for what is not done on an engine yet.

    >>> require_done("duckdb", "aops profile")
    """
    if (instead := NOT_YET.get(engine, {}).get(what)) is not None:
        raise AopsError(f"{what}: not yet on {engine}: {instead}")


@contextmanager
def told_of(title: str, *, where: str | None) -> Iterator[None]:
    """DefinitionError that names a definition, if its SQL has something that the warehouse does not.

    >>> with told_of("view 'a'", where=None):
    ...     raise AopsError("this SQL has x, which postgres does not have: render it for duckdb")
    Traceback (most recent call last):
    aops_indb.errors.DefinitionError: view 'a': this SQL has x, which postgres does not have: write it in another way, \
or keep the project on DuckDB
    """
    try:
        yield
    except AopsError as error:
        # every other kind of error has said already what it is about
        if type(error) is not AopsError:
            raise
        cause = str(error).removesuffix(_FOR_RENDERING)
        told = f"{title}: {cause}: write it in another way, or keep the project on DuckDB"
        raise DefinitionError(told, where=where) from error
