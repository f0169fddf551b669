"""What an engine is: a warehouse that hands out sessions, and what a session can do.

An engine is told its URL once. It holds no file open between sessions, so that other processes get a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Connection

    from aops_indb.sqlgen.build import Expr
    from aops_indb.sqlgen.dialects import Dialect
    from aops_indb.sqlgen.statements import Query, Statement

Row: TypeAlias = tuple[Any, ...]
RelationKind: TypeAlias = Literal["TABLE", "VIEW", "MACRO", "MACRO TABLE"]


class Session(Protocol):
    """One connection, for the length of a `with engine.session() as session` block.

    Statements are sqlgen trees, or SQLAlchemy Core statements on `connection`; both run on one connection and
    in one transaction. Outside `transaction()` each statement stands for itself. What the engine refuses is
    raised as QueryError, with the engine's words and the SQL.
    """

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection."""
        ...

    @property
    def native(self) -> Any:
        """The engine's own connection object."""
        ...

    def execute(self, tree: Expr) -> int:
        """Run a statement; the number of rows it wrote, 0 if it writes none."""
        ...

    def execute_with_progress(self, tree: Expr, report: Callable[[float], None]) -> int:
        """As `execute`; another thread calls `report` now and then with the fraction done (0..1)."""
        ...

    def rows(self, tree: Expr) -> list[Row]:
        """All rows of a query."""
        ...

    def scalar(self, tree: Expr) -> Any:
        """The first column of the first row; None if there is no row."""
        ...

    def arrow(self, tree: Expr) -> pa.Table:
        """All rows of a query as an Arrow table."""
        ...

    def arrow_batches(self, tree: Expr, *, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """The rows of a query, about so many at a time. Nothing else can run on the session meanwhile."""
        ...

    def columns(self, relation: Expr) -> dict[str, str]:
        """Column name -> SQL type, in order, of a table, a view or a query that is not run for it."""
        ...

    def described(self, query: Query) -> list[tuple[str, str]]:
        """Name and SQL type of each column of a query that is not run for it, in order; two may have one name."""
        ...

    def expected_rows(self, query: Query) -> float | None:
        """How many rows the engine expects of a query; None if it does not say, or windows take it unknown time."""
        ...

    def unchanging(self) -> AbstractContextManager[None]:
        """Inside, nothing is changed: what columns and relations were asked for once is remembered."""
        ...

    def may_replace(self, create: Statement) -> bool:
        """Whether a statement that makes a view or macro can replace the one there is; if not, drop that first."""
        ...

    def depends_on_settings(self, value: Expr, relation: Expr) -> bool:
        """Whether the engine itself says that an expression over a relation depends on settings of a session."""
        ...

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable as a relation of that name, for this session alone."""
        ...

    def unregister(self, name: str) -> None:
        """Take a registered name away again."""
        ...

    def register_function(
        self, name: str, function: Callable[[pa.Table], pa.Table], takes: Mapping[str, str], gives: Mapping[str, str]
    ) -> None:
        """Make a function from one struct to another callable in SQL by that name, for this session alone.

        function:     is given some rows of the struct as a table, and gives as many
        takes, gives: names and SQL types of the structs' fields
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All that runs inside happens at the end of the block, or not at all, whatever exception ends it."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether the session is inside `transaction()`."""
        ...

    def run_script(self, sql: str) -> None:
        """Run the statements of a SQL file."""
        ...

    def relations(self, schema: str) -> dict[str, RelationKind]:
        """Name -> kind of what a schema holds; kinds as `sqlgen.statements.drop` takes them."""
        ...

    def texts(self, schema: str) -> dict[str, str]:
        """Name -> the SQL that the engine keeps of each view and macro of a schema."""
        ...


class Engine(Protocol):
    """A warehouse, known by its SQLAlchemy URL."""

    name: str
    url: str
    dialect: Dialect

    def __init__(self, url: str, *, base: Path, wait: float) -> None: ...

    def session(self, *, read_only: bool = False) -> AbstractContextManager[Session]:
        """A connection for the length of the block; raises WarehouseError when there is none to be had."""
        ...

    def connect(self, *, read_only: bool = False) -> Any:
        """The engine's own connection object, set up as a session's is; the caller closes it."""
        ...
