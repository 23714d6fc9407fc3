"""A worker is a process of its own and takes the jobs of the store that it is given."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from acquisition.domain import JobState
from acquisition.store import open_store
from app.learn.worker_process import start_worker

TIMEOUT_MS = 60_000


def test_a_worker_takes_the_jobs_and_ends(tmp_path: Path, qtbot: QtBot) -> None:
    log = tmp_path / "learning" / "worker.log"
    with open_store(tmp_path / "store") as store:
        job = store.catalogue.queue_job("paint the fence", {})
        start_worker(str(tmp_path / "store"), None, log)
        qtbot.waitUntil(lambda: store.catalogue.job(job.id).state == JobState.FAILED, timeout=TIMEOUT_MS)
        assert "paint the fence" in store.catalogue.job(job.id).message
    qtbot.waitUntil(lambda: "paint the fence" in log.read_text(encoding="utf-8"), timeout=TIMEOUT_MS)
