"""What every scheme owes: graph and matrix agree, tiles and order of the input do not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.errors import UserError
from learning import similarity
from learning.similarity import SCHEMES, relation_graph, relation_matrix
from tests.learning.similarity.scanpaths import CANVAS, scanpath

TRACES = [scanpath(seed, n_fixations=5) for seed in range(9)]
schemes = pytest.mark.parametrize("scheme", SCHEMES)


@schemes
def test_a_graph_without_threshold_holds_every_pair(scheme: str) -> None:
    matrix = relation_matrix(TRACES, scheme, canvas=CANVAS)
    np.fill_diagonal(matrix, 0)
    graph = relation_graph(TRACES, scheme, canvas=CANVAS)
    assert graph.nnz == 9 * 8
    assert graph.dtype == np.float32
    np.testing.assert_array_equal(graph.toarray(), matrix.astype(np.float32))


@schemes
def test_a_threshold_is_strict_and_drops_the_rest(scheme: str) -> None:
    matrix = relation_graph(TRACES, scheme, canvas=CANVAS).toarray()
    threshold = float(np.median(matrix))
    graph = relation_graph(TRACES, scheme, canvas=CANVAS, threshold=threshold)
    np.testing.assert_array_equal(graph.toarray(), np.where(matrix > threshold, matrix, 0))
    assert 0 < graph.nnz < 72


@schemes
def test_top_k_keeps_the_strongest_of_each_trace(scheme: str) -> None:
    matrix = relation_graph(TRACES, scheme, canvas=CANVAS).toarray()
    expected = np.zeros_like(matrix)
    for i, row in enumerate(matrix):
        others = [j for j in np.argsort(-row, kind="stable") if j != i][:2]
        expected[i, others] = expected[others, i] = row[others]
    graph = relation_graph(TRACES, scheme, canvas=CANVAS, top_k=2)
    np.testing.assert_array_equal(graph.toarray(), expected)


@schemes
@pytest.mark.parametrize("cells", [1, 20, 31])
def test_tiles_change_nothing(scheme: str, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = relation_graph(TRACES, scheme, canvas=CANVAS, threshold=0.5, top_k=4)
    monkeypatch.setattr(similarity, "TILE_CELLS", cells)
    tiled = relation_graph(TRACES, scheme, canvas=CANVAS, threshold=0.5, top_k=4)
    np.testing.assert_array_equal(tiled.toarray(), whole.toarray())


@schemes
@settings(max_examples=20, deadline=None)
@given(st.permutations(range(9)))
def test_the_order_of_the_traces_does_not_matter(scheme: str, order: list[int]) -> None:
    matrix = relation_matrix(TRACES, scheme, canvas=CANVAS)
    permuted = relation_matrix([TRACES[i] for i in order], scheme, canvas=CANVAS)
    np.testing.assert_array_equal(permuted, matrix[np.ix_(order, order)])


@schemes
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(-50, 900), st.floats(-50, 700), st.floats(-1, 30)) | st.just((np.nan,) * 3),
            max_size=30,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_samples_give_a_sound_relation(
    scheme: str, samples: list[list[tuple[float, float, float]]]
) -> None:
    traces = [np.array(rows, float).reshape(-1, 3) for rows in samples]
    matrix = relation_matrix(traces, scheme, canvas=CANVAS)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert (np.diag(matrix) == 1).all()
    assert ((matrix >= 0) & (matrix <= 1)).all()


def test_no_traces_make_an_empty_relation() -> None:
    assert relation_matrix([], "tima", canvas=CANVAS).shape == (0, 0)
    assert relation_graph([], "tima", canvas=CANVAS).shape == (0, 0)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"scheme": "telepathy"}, "no similarity scheme 'telepathy'"),
        ({"profile": "perfect"}, "no profile 'perfect'"),
        ({"canvas": (0, 600)}, "width and a height above 0"),
        ({"traces": [np.zeros((4, 2))]}, r"Trace 0 has shape \(4, 2\)"),
    ],
)
def test_bad_input_gets_a_sentence(kwargs: dict[str, object], words: str) -> None:
    arguments: dict[str, object] = {"traces": TRACES, "scheme": "tima", "canvas": CANVAS} | kwargs
    with pytest.raises(UserError, match=words):
        relation_matrix(**arguments)  # type: ignore[arg-type]
