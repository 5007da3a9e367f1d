"""What is known of a value of the index beside the value.

* ``EXACT``: it compares with others as the graph's does;
* ``NEAR``: it lies within rounding of the graph's, so that a bound may fall on either side;
  of a geometry: that it is not the thing's by geo:hasGeometry/geo:asWKT;
* ``LOOSE``: how it compares is not known here, so the thing is always a candidate;
* ``ODD``: no comparison with a value of this kind is ever true.
"""

from __future__ import annotations

from typing import Final

EXACT: Final = 0
NEAR: Final = 1
LOOSE: Final = 2
ODD: Final = 3
