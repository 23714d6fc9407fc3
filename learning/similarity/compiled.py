"""Numba as a typed decorator, so that kernels keep their signatures under mypy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")

Unsigned: TypeAlias = "int | np.uint64"


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on the first call and keep the machine code beside the source.

    Division by zero gives infinity or NaN, as in numpy: a check would keep loops from being vectorised.
    """
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def _count_bits(_typing: Any, word: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), emit


count_bits = cast(Callable[[Any], int], intrinsic(_count_bits))
"""How many bits of an integer are set; for compiled functions alone."""
