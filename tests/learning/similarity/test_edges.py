"""Tiles, windows, thresholds and the strongest of each row, held to the whole matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from learning.similarity import SCHEMES, compare_all, comparison, graph_of_features
from learning.similarity.comparison import Part, TraceComparison
from learning.similarity.edges import Edges, Selection
from learning.similarity.job import Job, band_edges, run_job
from learning.similarity.packing import Packed, pack
from learning.similarity.profile import CORRECTED, REFERENCE

schemes = pytest.mark.parametrize("scheme", SCHEMES)
N = 300


def features(scheme: str, n: int = N) -> Packed:
    """Features as they may come: of several lengths, some traces with none, many ties."""
    rng = np.random.default_rng(n)
    if scheme == "dhash":
        words = rng.integers(0, 2**63, (2, n), dtype=np.uint64).prod(axis=0) & rng.integers(
            0, 2**63, n, np.uint64
        )
        return pack([np.full((1 if i % 17 else 0, 1), word, np.uint64) for i, word in enumerate(words)])
    lengths = rng.integers(0, 6, n)
    if scheme == "tima":
        return pack([np.round(rng.random((length, 2)), 1) + 0.05 for length in lengths])
    if scheme == "multimatch":
        return pack([np.round(rng.random((length, 7)), 1) for length in lengths])
    n_features = 2 if scheme == "moments" else 256
    rows = [rng.random((min(length, 1), n_features)) ** 3 for length in lengths]
    if scheme == "heatmap-divergence":
        rows = [row / row.sum() for row in rows]
    if scheme == "heatmap-correlation":
        rows = [np.round((row - 0.25) * 2**10) / 2**10 for row in rows]
    return pack(rows)


def brute(matrix: NDArray[np.float32], threshold: float | None, top_k: int | None) -> NDArray[np.float32]:
    kept = np.ones(matrix.shape, bool) if threshold is None else matrix > np.float32(threshold)
    np.fill_diagonal(kept, val=False)
    if top_k is not None:
        strongest = np.zeros_like(kept)
        for i, row in enumerate(matrix):
            others = [j for j in np.argsort(-row, kind="stable") if kept[i, j]][:top_k]
            strongest[i, others] = True
        kept = strongest | strongest.T
    return np.where(kept, matrix, -1)


def dense(graph: object, n: int) -> NDArray[np.float32]:
    edges = graph.tocoo()  # type: ignore[attr-defined]
    matrix = np.full((n, n), -1, np.float32)
    matrix[edges.row, edges.col] = edges.data
    return matrix


@schemes
@pytest.mark.parametrize("profile", [CORRECTED, REFERENCE], ids=["corrected", "reference"])
@pytest.mark.parametrize(
    ("threshold", "top_k"),
    [(None, None), (0.4, None), (0.8, None), (0.95, None), (None, 5), (0.6, 3), (None, 999)],
)
def test_a_graph_is_what_its_matrix_says(
    scheme: str, profile: object, threshold: float | None, top_k: int | None
) -> None:
    packed = features(scheme)
    matrix = compare_all(packed, scheme, profile)  # type: ignore[arg-type]
    graph = graph_of_features(packed, scheme, profile=profile, threshold=threshold, top_k=top_k)  # type: ignore[arg-type]
    np.testing.assert_array_equal(dense(graph, N), brute(matrix, threshold, top_k))  # type: ignore[arg-type]


@schemes
@pytest.mark.parametrize(
    ("rows", "columns", "bands", "threads"), [(1, 7, 1, 1), (13, 128, 5, 2), (64, 33, 40, 3)]
)
def test_neither_tiles_nor_bands_nor_threads_matter(
    scheme: str, rows: int, columns: int, bands: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for selection in (Selection(0.7), Selection(top_k=4)):
        job = job_of(scheme, selection)
        whole = run_job(job)
        monkeypatch.setattr(TraceComparison, "rows_a_strip", rows)
        monkeypatch.setattr(comparison, "TILE_COLUMNS", columns)
        parts = [band_edges(job, band, threads) for band in job.bands(bands)]
        assert_same_edges(Edges.join(parts).unordered(), whole)
        monkeypatch.undo()


def job_of(scheme: str, selection: Selection) -> Job:
    return Job(
        (Part(scheme, 1.0, features(scheme)),), CORRECTED, np.arange(N), np.zeros(N, np.int64), selection
    )


def assert_same_edges(edges: Edges, expected: Edges) -> None:
    np.testing.assert_array_equal(edges.rows, expected.rows)
    np.testing.assert_array_equal(edges.columns, expected.columns)
    np.testing.assert_array_equal(edges.values, expected.values)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40))
def test_edges_come_once_and_in_order(pairs: list[tuple[int, int]]) -> None:
    rows, columns = np.array(pairs, np.int32).reshape(-1, 2).T
    edges = Edges(rows, columns, np.arange(len(pairs), dtype=np.float32)).unordered()
    first = {}
    for value, (row, column) in enumerate(pairs):
        first.setdefault((min(row, column), max(row, column)), value)
    assert list(zip(edges.rows.tolist(), edges.columns.tolist(), strict=True)) == sorted(first)
    assert edges.values.tolist() == [first[pair] for pair in sorted(first)]


def test_windows_leave_out_what_cannot_be_alike() -> None:
    for scheme, least in (("moments", 0.5), ("dhash", 0.5), ("tima", 0.3)):
        packed = features(scheme, 1000)
        kernel = SCHEMES[scheme].arrange(packed, CORRECTED)
        seen = sum(len(window) for row in range(1000) for window in kernel.windows(np.array([row]), 0.95))
        assert seen < (1 - least) * 1000 * 1000


def test_bands_cover_every_row_once() -> None:
    for selection in (Selection(0.5), Selection(top_k=3)):
        for n_bands in (1, 2, 7, 299, 300, 1000):
            rows = [row for band in job_of("moments", selection).bands(n_bands) for row in band]
            assert rows == list(range(N))
