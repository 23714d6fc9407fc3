"""How alike two images were read: the relation of all pairs of traces by one scheme.

A scheme is two functions: the features of one trace, computed once, and the similarities of a block
of pairs. Everything else (tiles, thresholds, files) is common.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from acquisition.errors import UserError
from learning.similarity import tima
from learning.similarity.packing import Packed, pack
from learning.similarity.profile import CORRECTED, PROFILES, REFERENCE, Profile, find_profile

__all__ = [
    "CORRECTED",
    "PROFILES",
    "REFERENCE",
    "SCHEMES",
    "Packed",
    "Profile",
    "Scheme",
    "describe_traces",
    "find_profile",
    "find_scheme",
    "graph_of_features",
    "relation_graph",
    "relation_matrix",
]

FloatArray = NDArray[np.float64]
Graph: TypeAlias = "csr_array[np.float32, tuple[int, int]]"

TILE_CELLS = 4_000_000
"""Similarities held at once while a graph is made."""


@dataclass(frozen=True)
class Scheme:
    """One definition of likeness."""

    features: Callable[[FloatArray, tuple[float, float], Profile], FloatArray]
    """Trace (n, 3), canvas and profile to feature rows (k, n_features)."""
    block: Callable[[Packed, range, range, Profile], FloatArray]
    """Similarities of rows x columns, in [0, 1]."""


SCHEMES = {"tima": Scheme(tima.features, tima.block)}


def find_scheme(scheme: str) -> Scheme:
    """The scheme of that name. Raises `UserError` for an unknown one."""
    if scheme not in SCHEMES:
        raise UserError(f"There is no similarity scheme '{scheme}'; choose one of {', '.join(SCHEMES)}.")
    return SCHEMES[scheme]


def relation_matrix(
    traces: Sequence[FloatArray], scheme: str, *, canvas: ArrayLike, profile: str | Profile = "corrected"
) -> FloatArray:
    """Similarities of all pairs of traces: for small N, the graph is for the rest.

    Args:
        traces: N arrays (n, 3) of x_px, y_px, t_s in image coordinates, t_s = 0 where the reading opened.
        scheme: name of a scheme.
        canvas: (width_px, height_px), one for all (2,) or one each (N, 2).
        profile: "corrected", "reference" or a `Profile`.

    Returns:
        float64 (N, N), symmetric, in [0, 1].
    """
    chosen = find_profile(profile)
    packed = describe_traces(traces, scheme, canvas=canvas, profile=chosen)
    everything = range(len(packed))
    return find_scheme(scheme).block(packed, everything, everything, chosen)


def relation_graph(
    traces: Sequence[FloatArray],
    scheme: str,
    *,
    canvas: ArrayLike,
    profile: str | Profile = "corrected",
    threshold: float | None = None,
    top_k: int | None = None,
) -> Graph:
    """The same similarities as float32 edges, N x N never being held at once.

    Args:
        traces: as for `relation_matrix`.
        scheme: name of a scheme.
        canvas: as for `relation_matrix`.
        profile: as for `relation_matrix`.
        threshold: keep the pairs above it (strictly); None keeps all.
        top_k: keep the pairs that are among the k strongest of either trace; None keeps all.

    Returns:
        symmetric csr_array (N, N) without a diagonal; pairs of similarity 0 are stored where kept.
    """
    packed = describe_traces(traces, scheme, canvas=canvas, profile=profile)
    return graph_of_features(packed, scheme, profile=profile, threshold=threshold, top_k=top_k)


def describe_traces(
    traces: Sequence[FloatArray], scheme: str, *, canvas: ArrayLike, profile: str | Profile = "corrected"
) -> Packed:
    """Features of every trace, in order. Raises `UserError` where a trace or canvas has another shape."""
    described, chosen = find_scheme(scheme), find_profile(profile)
    sizes = np.broadcast_to(np.asarray(canvas, np.float64), (len(traces), 2))
    if not (sizes > 0).all():
        raise UserError(f"A canvas must have a width and a height above 0, not {sizes.min(axis=0).tolist()}.")
    arrays = [np.asarray(trace, np.float64) for trace in traces]
    for number, trace in enumerate(arrays):
        if trace.ndim != 2 or trace.shape[1] != 3:
            raise UserError(f"Trace {number} has shape {trace.shape}; a trace is (n, 3): x_px, y_px, t_s.")
    return pack(
        [
            described.features(trace, (float(width), float(height)), chosen)
            for trace, (width, height) in zip(arrays, sizes, strict=True)
        ]
    )


def graph_of_features(
    packed: Packed,
    scheme: str,
    *,
    profile: str | Profile = "corrected",
    threshold: float | None = None,
    top_k: int | None = None,
) -> Graph:
    """`relation_graph` from features that are there already."""
    n, block, chosen = len(packed), find_scheme(scheme).block, find_profile(profile)
    step = max(1, TILE_CELLS // max(n, 1))
    rows, columns, values = [], [], []
    for start in range(0, n, step):
        tile = range(start, min(start + step, n))
        # The strongest of a trace need all its pairs; without top_k one half holds every pair.
        others = range(n) if top_k is not None else range(start, n)
        similarity = block(packed, tile, others, chosen).astype(np.float32)
        kept = _kept(similarity, start - others.start, threshold, top_k)
        tile_rows, tile_columns = np.nonzero(kept)
        rows.append(tile_rows + start)
        columns.append(tile_columns + others.start)
        values.append(similarity[kept])
    if not rows:
        return cast(Graph, csr_array((0, 0), dtype=np.float32))
    return _symmetric(np.concatenate(rows), np.concatenate(columns), np.concatenate(values), n)


def _kept(
    similarity: NDArray[np.float32], diagonal: int, threshold: float | None, top_k: int | None
) -> NDArray[np.bool_]:
    """Which cells of a tile become edges; row r meets itself in column r + diagonal."""
    kept = np.ones(similarity.shape, bool) if threshold is None else similarity > np.float32(threshold)
    kept[np.arange(len(kept)), diagonal + np.arange(len(kept))] = False
    if top_k is not None and top_k < similarity.shape[1]:
        ranked = np.argsort(np.where(kept, -similarity, np.inf), axis=1, kind="stable")[:, :top_k]
        strongest = np.zeros_like(kept)
        np.put_along_axis(strongest, ranked, values=True, axis=1)
        kept &= strongest
    return kept


def _symmetric(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float32], n: int
) -> Graph:
    """Edges in both directions, each once."""
    key = np.concatenate([rows * n + columns, columns * n + rows])
    key, first = np.unique(key, return_index=True)
    both = np.concatenate([values, values])[first]
    indptr = np.searchsorted(key, np.arange(n + 1) * n)
    return cast(Graph, csr_array((both, key % n, indptr), shape=(n, n)))
