"""The table of models: each is fitted on real data, scored by its library and in the warehouse, and compared."""

from __future__ import annotations

from .boosters import BOOSTERS
from .calibrate import CALIBRATION
from .cluster import CLUSTERS, LARGEST_CLUSTERED
from .common import Fit
from .ensemble import ENSEMBLES
from .kernels import KERNELS, LARGEST_KERNELS
from .linear import LINEAR
from .neighbors import LARGEST_NEIGHBORS, NEIGHBORS
from .prepare import COMPOSITES, ENCODERS, IMPUTERS, SCALERS
from .reduce import LARGEST_REDUCED, REDUCED
from .several import LARGEST_SEVERAL, SEVERAL
from .stored import LARGEST_STORED, STORED
from .transform import LARGEST_TRANSFORMED, TRANSFORMS
from .trees import BOOSTED, TREES

MODELS: dict[str, Fit] = {
    **SCALERS,
    **IMPUTERS,
    **ENCODERS,
    **COMPOSITES,
    **LINEAR,
    **TREES,
    **BOOSTED,
    **STORED,
    **NEIGHBORS,
    **KERNELS,
    **BOOSTERS,
    **ENSEMBLES,
    **CALIBRATION,
    **SEVERAL,
    **CLUSTERS,
    **TRANSFORMS,
    **REDUCED,
}

# Model -> the largest size of a value it is compared on, where beyond it sums cancel so far that the library's own
# result is rounding error. Rows with a value beyond 1e100 are compared all the same: such a model is to withhold them.
LARGEST: dict[str, float] = {
    **LARGEST_TRANSFORMED,
    **LARGEST_CLUSTERED,
    **LARGEST_SEVERAL,
    **LARGEST_REDUCED,
    **LARGEST_STORED,
    **LARGEST_NEIGHBORS,
    **LARGEST_KERNELS,
}

__all__ = ["BOOSTED", "BOOSTERS", "LARGEST", "MODELS", "TREES"]
