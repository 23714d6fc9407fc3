import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from acquisition.errors import UserError
from learning.files import Traces, load_relation, load_set, load_traces
from learning.graph import Recipe, app, relate, relate_set
from learning.similarity import relation_matrix
from tests.learning.sets import make_set
from tests.learning.similarity.scanpaths import CANVAS, scanpath


def several_readings() -> Traces:
    """Seven traces of four images: b has three readings, c two."""
    traces = [scanpath(seed, n_fixations=5) for seed in range(7)]
    return Traces(
        samples=np.concatenate(traces),
        offsets=np.append(0, np.cumsum([len(trace) for trace in traces])),
        image_ids=np.array(["c", "b", "a", "b", "d", "b", "c"]),
        reader_ids=np.array(["r"] * 7),
        canvas_px=np.full((7, 2), CANVAS),
    )


@pytest.mark.parametrize("collapse", ["mean", "max"])
def test_traces_are_compared_first_and_then_collapsed_to_images(collapse: str) -> None:
    traces = several_readings()
    matrix = relation_matrix(traces.split(), "tima", canvas=CANVAS).astype(np.float32)
    relation = relate(traces, Recipe(collapse=collapse))
    assert relation.ids.tolist() == ["a", "b", "c", "d"]
    assert len(relation.values) == relation.n_pairs == 6
    for row, column, value in zip(relation.rows, relation.columns, relation.values, strict=True):
        assert row < column
        cells = matrix[
            np.ix_(traces.image_ids == relation.ids[row], traces.image_ids == relation.ids[column])
        ]
        assert value == pytest.approx(getattr(cells, collapse)(), abs=1e-6)


@pytest.mark.parametrize("repeated", [False, True])
def test_a_threshold_drops_images_and_not_traces(repeated: bool) -> None:
    traces = several_readings()
    if not repeated:
        traces = dataclasses.replace(traces, image_ids=np.array(list("abcdefg")))
    whole = relate(traces, Recipe())
    threshold = float(np.median(whole.values))
    cut = relate(traces, Recipe(threshold=threshold))
    assert cut.floor == threshold
    np.testing.assert_array_equal(cut.values, whole.values[whole.values > np.float32(threshold)])


def test_no_traces_make_an_empty_graph() -> None:
    empty = Traces(
        np.empty((0, 3)), np.zeros(1, np.int64), np.empty(0, np.str_), np.empty(0, np.str_), np.empty((0, 2))
    )
    relation = relate(empty, Recipe())
    assert relation.n_pairs == len(relation.values) == 0
    assert relation.rate_above(0.5) == 0


def test_a_graph_is_added_to_its_set(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    relation = relate_set(tmp_path / "set", Recipe(threshold=0.6))
    manifest = load_set(tmp_path / "set")
    stored = load_relation(tmp_path / "set" / manifest.relations["tima"])
    assert stored.floor == 0.6
    assert stored.parameters == relation.parameters
    np.testing.assert_array_equal(stored.values, relation.values)
    assert set(stored.ids.tolist()) == set(load_traces(tmp_path / "set" / "traces.npz").image_ids.tolist())


def test_an_unknown_rule_gets_a_sentence() -> None:
    with pytest.raises(UserError, match="no rule 'median'"):
        relate(several_readings(), Recipe(collapse="median"))


def test_the_command_tells_the_pair_rates(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    done = CliRunner().invoke(app, [str(tmp_path / "set"), "--scheme", "tima", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["images"] == 12
    rates = [row["pair_rate"] for row in told["pair_rates"]]
    assert rates == sorted(rates, reverse=True)
