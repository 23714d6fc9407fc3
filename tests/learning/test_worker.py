"""Jobs of a store through a worker: done, failed, cancelled, taken up again."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acquisition.domain import Job, JobKind, JobState
from acquisition.errors import BugError, UserError
from acquisition.store import Store, open_store
from learning import worker
from learning.worker import Progress, work, work_on


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def does(monkeypatch: pytest.MonkeyPatch, job: worker.Work) -> None:
    monkeypatch.setitem(worker.WORK, JobKind.BUILD_SET, job)


def test_jobs_are_taken_in_order_until_none_is_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def note(_store: Store, job: Job, progress: Progress) -> dict[str, Any]:
        progress(0.5, "half")
        seen.append(job.params["name"])
        return {"name": job.params["name"]}

    does(monkeypatch, note)
    for name in ("first", "second"):
        store.catalogue.queue_job(JobKind.BUILD_SET, {"name": name})
    assert work(store, "w") == 2
    assert seen == ["first", "second"]
    assert [job.state for job in store.catalogue.jobs()] == [JobState.DONE] * 2
    assert store.catalogue.jobs()[1].result == {"name": "second"}


def test_what_the_user_can_mend_fails_the_job_with_the_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_store: Store, _job: Job, _progress: Progress) -> dict[str, Any]:
        raise UserError("The set folder is full: free some space.")

    does(monkeypatch, refuse)
    store.catalogue.queue_job(JobKind.BUILD_SET, {})
    work(store, "w")
    (job,) = store.catalogue.jobs()
    assert (job.state, job.message) == (JobState.FAILED, "The set folder is full: free some space.")


def test_a_bug_fails_the_job_and_is_not_swallowed(store: Store) -> None:
    job = store.catalogue.queue_job("paint the fence", {})
    claimed = store.catalogue.claim_job("w")
    assert claimed is not None
    with pytest.raises(BugError, match="paint the fence"):
        work_on(store, claimed, "w")
    assert store.catalogue.job(job.id).state == JobState.FAILED


def test_a_cancel_is_heard_at_the_next_step(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RENEW_EVERY_S", 0.01)

    def work_until_cancelled(store: Store, job: Job, progress: Progress) -> dict[str, Any]:
        store.catalogue.cancel_job(job.id)
        assert progress.wait_for_cancel(timeout_s=30)
        progress(0.5, "never said")
        return {}

    does(monkeypatch, work_until_cancelled)
    store.catalogue.queue_job(JobKind.BUILD_SET, {})
    work(store, "w")
    assert store.catalogue.jobs()[0].state == JobState.CANCELLED


def test_the_lease_is_renewed_while_the_work_is_silent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RENEW_EVERY_S", 0.01)
    renewed = threading.Event()
    heartbeat = store.catalogue.heartbeat

    def counted(*args: Any) -> bool:
        renewed.set()
        return heartbeat(*args)

    monkeypatch.setattr(store.catalogue, "heartbeat", counted)

    def silent(_store: Store, _job: Job, _progress: Progress) -> dict[str, Any]:
        assert renewed.wait(30)
        return {}

    does(monkeypatch, silent)
    store.catalogue.queue_job(JobKind.BUILD_SET, {})
    work(store, "w")
    assert store.catalogue.jobs()[0].state == JobState.DONE


def test_a_stage_is_a_part_of_the_whole(store: Store) -> None:
    store.catalogue.queue_job(JobKind.BUILD_SET, {})
    job = store.catalogue.claim_job("w")
    assert job is not None
    with Progress(store.catalogue, job, "w") as progress:
        progress.within(0.5, 1.0)(0.5, "three quarters")
        assert progress.said == (0.75, "three quarters")
