"""Numba as a typed decorator, so that kernels keep their signatures under mypy."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on the first call and keep the machine code beside the source."""
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True)(function))
