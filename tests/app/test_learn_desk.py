"""The Learn room's desk over a real store: what a click queues, and that a worker is started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acquisition.domain import JobKind, JobState
from acquisition.store import Store, open_store
from app.learn.desk import StoreDesk
from app.learn.state import Action


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


class Workers:
    """Counts the workers that were asked for."""

    def __init__(self) -> None:
        self.started = 0

    def __call__(self) -> int:
        self.started += 1
        return self.started


def desk(store: Store, out: Path, workers: Workers, *, has_learning: bool = True) -> StoreDesk:
    return StoreDesk(store, out, workers, lambda: has_learning)


def test_building_queues_a_job_below_the_folder_and_starts_a_worker(store: Store, tmp_path: Path) -> None:
    workers = Workers()
    desk(store, tmp_path / "learn", workers).act(Action.BUILD)
    (job,) = store.catalogue.jobs()
    assert job.kind == JobKind.BUILD_SET
    assert Path(job.params["out"]).parent == tmp_path / "learn" / "sets"
    assert workers.started == 1


def test_pretraining_takes_the_newest_set(store: Store, tmp_path: Path) -> None:
    workers = Workers()
    store.catalogue.queue_job(JobKind.BUILD_SET, {})
    built = store.catalogue.claim_job("w")
    assert built is not None
    store.catalogue.finish_job(built.id, "w", {"set": "sets/1", "readings": 0})
    desk(store, tmp_path, workers).act(Action.PRETRAIN)
    job = store.catalogue.jobs()[-1]
    assert (job.kind, job.params["set"]) == (JobKind.PRETRAIN, "sets/1")


def test_an_unfinished_job_gets_a_worker_when_the_window_opens(store: Store, tmp_path: Path) -> None:
    workers = Workers()
    store.catalogue.queue_job(JobKind.BUILD_SET, {})
    desk(store, tmp_path, workers, has_learning=False)
    assert workers.started == 0
    desk(store, tmp_path, workers)
    assert workers.started == 1


def test_a_cancelled_queued_job_ends_at_once(store: Store, tmp_path: Path) -> None:
    job = store.catalogue.queue_job(JobKind.BUILD_SET, {})
    desk(store, tmp_path, Workers()).cancel(job.id)
    assert store.catalogue.job(job.id).state == JobState.CANCELLED


def test_waiting_does_nothing(store: Store, tmp_path: Path) -> None:
    workers = Workers()
    desk(store, tmp_path, workers).act(Action.WAIT)
    assert store.catalogue.jobs() == []
    assert workers.started == 0
