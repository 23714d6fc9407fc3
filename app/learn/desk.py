"""What stands behind the Learn room: the catalogue, and a worker process that outlives the window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from acquisition.domain import JobKind, JobState
from acquisition.gate import committed_readings
from acquisition.store import Store
from app.extras import INSTALL_LEARNING, has_learning
from app.learn.state import Action, LearnState, learn_state, newest_set


class StoreDesk:
    """The Learn room's view of one store."""

    def __init__(
        self,
        store: Store,
        out: Path,
        start_worker: Callable[[], object],
        is_learning_installed: Callable[[], bool] = has_learning,
    ) -> None:
        """Sets and runs go below `out`; `start_worker` starts a process that takes the queued jobs."""
        self._store = store
        self._out = out
        self._start_worker = start_worker
        self._has_learning = is_learning_installed()
        unfinished = (JobState.QUEUED, JobState.RUNNING)
        if self._has_learning and any(job.state in unfinished for job in store.catalogue.jobs()):
            self._start_worker()

    def state(self) -> LearnState:
        """Everything that the room shows, read afresh."""
        catalogue = self._store.catalogue
        return learn_state(
            self._store.readings(),
            {case.id: case.title for case in catalogue.cases()},
            {reader.id: reader.pseudonym for reader in catalogue.readers()},
            catalogue.jobs(),
            has_learning=self._has_learning,
            install=INSTALL_LEARNING,
        )

    def act(self, action: Action) -> None:
        """Queue the job of that action and start a worker; without either the click does nothing."""
        catalogue = self._store.catalogue
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        if action == Action.BUILD:
            catalogue.queue_job(JobKind.BUILD_SET, {"out": str(self._out / "sets" / stamp), "scheme": "tima"})
        elif action == Action.PRETRAIN:
            usable, _ = committed_readings(self._store.readings())
            set_path = newest_set(catalogue.jobs(), len(usable))
            catalogue.queue_job(JobKind.PRETRAIN, {"set": set_path, "out": str(self._out / "runs" / stamp)})
        else:
            return
        self._start_worker()

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop; the worker hears of it at its next step."""
        self._store.catalogue.cancel_job(job_id)
