"""The kinds of arrays that models are made of."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
"""Half the memory of `Floats`: what there is one of for every pair of items."""
Sparse = Any
"""A matrix of scipy.sparse in rows; scipy ships no types."""
