"""The same edges inline, over processes and on a cluster; after a broken start; after a worker that died."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from acquisition.errors import UserError
from learning.similarity import spread as spread_module
from learning.similarity.comparison import Part
from learning.similarity.edges import Edges, Selection
from learning.similarity.job import Job, band_edges, run_job
from learning.similarity.packing import pack
from learning.similarity.profile import CORRECTED
from learning.similarity.spread import Spread, run_spread


def job(selection: Selection | None = None) -> Job:
    rng = np.random.default_rng(0)
    packed = pack([rng.random((length, 2)) for length in rng.integers(0, 4, 200)])
    chosen = selection or Selection(0.8)
    return Job((Part("tima", 1.0, packed),), CORRECTED, np.arange(200), np.zeros(200, np.int64), chosen)


def assert_same(edges: Edges, expected: Edges) -> None:
    assert len(expected) > 0
    for name in ("rows", "columns", "values"):
        np.testing.assert_array_equal(getattr(edges, name), getattr(expected, name))


@pytest.mark.parametrize("selection", [Selection(0.8), Selection(top_k=3)])
def test_processes_find_the_same_edges(selection: Selection) -> None:
    assert_same(run_spread(job(selection), Spread(n_processes=2)), run_job(job(selection)))


def test_a_dask_cluster_finds_the_same_edges() -> None:
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        )
        with cluster:
            edges = run_spread(job(), Spread(cluster=cluster.scheduler_address))
    assert_same(edges, run_job(job()))


def test_a_scheduler_that_is_not_there_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(UserError, match="No Dask scheduler answers"):
        list(Spread(cluster="nonsense://127.0.0.1:1").run(job(), [range(5)]))


def test_what_is_finished_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, computed = run_job(job()), []

    def broken(job: Job, band: range, n_threads: int = 1) -> Edges:
        if len(computed) == 5:
            raise KeyboardInterrupt
        computed.append(band)
        return band_edges(job, band, n_threads)

    monkeypatch.setattr(spread_module, "band_edges", broken)
    with pytest.raises(KeyboardInterrupt):
        run_spread(job(), Spread(), keep=tmp_path)
    monkeypatch.setattr(spread_module, "band_edges", recording := Recording())
    assert_same(run_spread(job(), Spread(), keep=tmp_path), whole)
    assert len(computed) == 5
    assert not set(recording.bands) & set(computed)
    again = Recording()
    monkeypatch.setattr(spread_module, "band_edges", again)
    assert_same(run_spread(job(), Spread(), keep=tmp_path), whole)
    assert not again.bands


class Recording:
    def __init__(self) -> None:
        self.bands: list[range] = []

    def __call__(self, job: Job, band: range, n_threads: int = 1) -> Edges:
        self.bands.append(band)
        return band_edges(job, band, n_threads)


def test_pieces_of_another_job_are_not_taken(tmp_path: Path) -> None:
    run_spread(job(Selection(0.5)), Spread(), keep=tmp_path)
    assert_same(run_spread(job(), Spread(), keep=tmp_path), run_job(job()))


def dies_once(band: range) -> Edges:
    """In a worker: the first to come ends its process."""
    flag = Path(os.environ["GAZEROOM_TEST_FLAG"])
    if not flag.exists():
        flag.touch()
        os._exit(1)
    return spread_module._own_band(band)


def test_a_worker_that_dies_costs_its_bands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZEROOM_TEST_FLAG", str(tmp_path / "died"))
    monkeypatch.setattr(spread_module, "_own_band", dies_once)
    edges = run_spread(job(), Spread(n_processes=2))
    assert (tmp_path / "died").exists()
    assert_same(edges, run_job(job()))


def test_progress_ends_at_one() -> None:
    told: list[float] = []
    run_spread(job(), Spread(), progress=lambda share, _: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1
