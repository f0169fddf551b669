"""How a forest becomes SQL. To add a layout: a file beside this, and a line in LAYOUTS."""

from __future__ import annotations

from aops_indb.scoring.layouts.nested_case import nested_case
from aops_indb.scoring.layouts.shallow_case import shallow_case
from aops_indb.scoring.stages import Layout

LAYOUTS: dict[str, Layout] = {"nested_case": nested_case, "shallow_case": shallow_case}
