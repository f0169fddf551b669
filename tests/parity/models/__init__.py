"""The table of models: each is fitted on real data, scored by its library and in the warehouse, and compared."""

from __future__ import annotations

from .common import Fit
from .linear import LINEAR
from .prepare import COMPOSITES, ENCODERS, IMPUTERS, SCALERS
from .trees import BOOSTED, TREES

MODELS: dict[str, Fit] = {
    **SCALERS,
    **IMPUTERS,
    **ENCODERS,
    **COMPOSITES,
    **LINEAR,
    **TREES,
    **BOOSTED,
}

# Model -> the largest size of a value it is compared on, where beyond it sums cancel so far that the library's own
# result is rounding error.
LARGEST: dict[str, float] = {}

__all__ = ["BOOSTED", "LARGEST", "MODELS", "TREES"]
