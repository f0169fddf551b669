"""Column names that do not collide."""

from __future__ import annotations

from collections.abc import Iterable

from aops_indb.errors import ModelInputError
from aops_indb.sqlgen.dialects import Dialect

# PostgreSQL cuts identifiers off after 63 bytes, silently
LONGEST = 60


class Names:
    """Hands out names that differ even where case is ignored, as DuckDB does.

    >>> names = Names(["id"])
    >>> [names.claim(n) for n in ("A", "a", "ID", "a_2")]
    ['A', 'a_2', 'ID_2', 'a_2_2']
    """

    def __init__(self, taken: object = ()) -> None:
        self._taken = {name.lower() for name in taken}  # type: ignore[attr-defined]

    def claim(self, wanted: str, *, longest: int | None = LONGEST) -> str:
        """The wanted name, with a number behind it if it is taken."""
        base, count = _cut(wanted, longest), 1
        name = base
        while name.lower() in self._taken:
            count += 1
            suffix = f"_{count}"
            name = _cut(base, longest and longest - len(suffix)) + suffix
        self._taken.add(name.lower())
        return name


def _cut(name: str, longest: int | None) -> str:
    return name if longest is None else name.encode()[:longest].decode(errors="ignore")


def column_names(what: str, given: object) -> tuple[str, ...]:
    """Names as people give them, one or several; ModelInputError for what is none.

    >>> column_names("keys", "id"), column_names("keys", ["id", "day"])
    (('id',), ('id', 'day'))
    """
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (given,)
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise ModelInputError(f"{what} has {wrong[0]!r}, which is no name of a column: give a list of names.")
    return tuple(str(name) for name in names)


def require_told_apart(inputs: Iterable[str], dialect: Dialect) -> None:
    """ModelInputError for two inputs that would be read from one column."""
    if dialect.tells_case_apart:
        return
    folded: dict[str, str] = {}
    for name in inputs:
        first = folded.setdefault(name.lower(), name)
        if first != name:
            raise ModelInputError(
                f"inputs '{first}' and '{name}' differ in case alone, which {dialect.name} does not tell apart: give "
                "the columns that hold them other names, and those as inputs."
            )
