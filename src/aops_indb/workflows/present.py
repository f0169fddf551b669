"""What a schema holds, by what the warehouse keeps of it: whether it is still as aops made it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Present:
    """The relations of a schema.

    digests: name in lower case -> SHA-256 of the text the warehouse keeps of a view or macro; empty of a table
    """

    schema: str
    digests: Mapping[str, str]

    @classmethod
    def read(cls, session: Session, schema: str) -> Present:
        """What a schema holds now."""
        digests = {name.lower(): "" for name in session.relations(schema)}
        for name, text in session.texts(schema).items():
            digests[name.lower()] = hashlib.sha256(text.encode()).hexdigest()
        return cls(schema, digests)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.digests

    def made(self, names: Iterable[str]) -> dict[str, str]:
        """Name -> digest, of what was made just now."""
        return {name: self.digests[name.lower()] for name in names}

    def foreign(self, names: Iterable[str], made: Mapping[str, str]) -> tuple[str, ...]:
        """Of these names those that someone else's relations have; made: name -> digest, of what aops made."""
        ours = {name.lower(): digest for name, digest in made.items()}
        return tuple(
            f"{self.schema}.{name}"
            for name in names
            if name in self and self.digests[name.lower()] != ours.get(name.lower())
        )

    def require_no_view(self, name: str) -> None:
        """RefusedError if a view has the name of a table that is to be written."""
        if self.digests.get(name.lower()):
            raise RefusedError(
                f"{self.schema}.{name} is a view, which aops did not make: rename or drop it; nothing was changed"
            )

    def require_no_table(self, name: str) -> None:
        """RefusedError if a table has the name of a view that is to be made: no flag drops rows."""
        if self.digests.get(name.lower()) == "":
            raise RefusedError(
                f"{self.schema}.{name} is a table, which aops did not make: rename or drop it; nothing was changed"
            )
