"""Files that come with the package: the example project and the metadata migrations."""

from __future__ import annotations

from pathlib import Path

from aops_indb.errors import SettingsError

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """A file or folder of the repository's root, as it lies there or in an installed package.

    >>> shipped("aops.toml").name
    'aops.toml'
    """
    for root in (_PACKAGE / "shipped", _PACKAGE.parents[1]):
        if (root / name).exists():
            return root / name
    raise SettingsError(f"aops-indb was installed without '{name}': install it again")
