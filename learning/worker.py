"""`python -m learning.worker`: takes the jobs that a store holds, one after the other.

A job is a row with a lease. A thread renews the lease while the work goes on and hears of a cancel; a
worker that dies stops renewing, and another takes the job up again. All long work leaves finished pieces as
files and skips them when it starts anew, so a job taken up again does not start from nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import typer

from acquisition.command_line import VerboseOption, run
from acquisition.domain import Job, JobKind, JobState
from acquisition.errors import BugError, StoreError, UserError
from acquisition.gate import committed_readings
from acquisition.store import Catalogue, Store, open_store
from learning.files import MANIFEST

RENEW_EVERY_S = 1.0

_log = logging.getLogger("gazeroom.worker")
Work = Callable[[Store, Job, "Progress"], dict[str, Any]]


class JobCancelled(Exception):
    """Somebody asked the running job to stop."""


class Progress:
    """Holds a job's lease while the work goes on; called with progress, it raises once a cancel was heard."""

    def __init__(self, catalogue: Catalogue, job: Job, worker: str) -> None:
        """Nothing happens before the `with`."""
        self._catalogue, self._job, self._worker = catalogue, job, worker
        self.said = (0.0, "starting")
        self._ended, self._cancelled = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease of {job.id}", daemon=True)

    def __call__(self, fraction: float, message: str) -> None:
        """Say how far the work is (0 to 1). Raises JobCancelled where a cancel was asked for."""
        self.said = (min(max(fraction, 0.0), 1.0), message)
        if self._cancelled.is_set():
            raise JobCancelled

    def wait_for_cancel(self, timeout_s: float) -> bool:
        """Block until somebody asked the job to stop; say whether anybody did."""
        return self._cancelled.wait(timeout_s)

    def within(self, start: float, end: float) -> Callable[[float, str], None]:
        """The progress of one stage as a part of the whole."""
        return lambda fraction, message: self(start + (end - start) * fraction, message)

    def __enter__(self) -> Progress:
        """Begin to renew the lease."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        """Stop renewing; how the job ended is said by the caller."""
        self._ended.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_EVERY_S):
            try:
                if self._catalogue.heartbeat(self._job.id, self._worker, *self.said):
                    self._cancelled.set()
            except StoreError as error:
                # A busy database: the lease outlasts many missed renewals.
                _log.warning("the lease could not be renewed: %s", error)


def build_set_job(store: Store, job: Job, progress: Progress) -> dict[str, Any]:
    """Turn all committed readings into graph and set. Returns its folder, and how many could be used."""
    from learning.build import build_set

    out = Path(job.params["out"])
    used, left_out = committed_readings(store.readings())
    # A worker that died between the last rename and saying so leaves a whole set.
    if not (out / MANIFEST).is_file():
        build_set(store, out, scheme=job.params.get("scheme", "tima"), progress=progress)
    counts = {"readings": len(used), "left_out": len(left_out)}
    store.catalogue.add_set(str(out), {**counts, "job": job.id})
    return {"set": str(out), **counts}


def pretrain_job(store: Store, job: Job, progress: Progress) -> dict[str, Any]:
    """Train the arms on a set and evaluate them. Returns the report's path."""
    from learning.arms import run_arms
    from learning.evaluation.judging import evaluate

    set_path, out = Path(job.params["set"]), Path(job.params["out"])
    runs = run_arms(set_path, out, progress=progress.within(0.0, 0.85))
    report = evaluate(runs, set_path, out / "evaluation", progress=progress.within(0.85, 1.0))
    for path in runs:
        store.catalogue.add_run(str(path), "pretrain", {"set": str(set_path), "job": job.id})
    return {"report": str(report), "runs": [str(path) for path in runs]}


WORK: dict[str, Work] = {JobKind.BUILD_SET: build_set_job, JobKind.PRETRAIN: pretrain_job}


def work_on(store: Store, job: Job, worker: str) -> None:
    """Do one job and record how it ended; only a bug gets past this."""
    catalogue = store.catalogue
    try:
        with Progress(catalogue, job, worker) as progress:
            if job.kind not in WORK:
                raise BugError(f"no worker knows the job {job.kind!r}")
            result = WORK[job.kind](store, job, progress)
        catalogue.finish_job(job.id, worker, result)
    except JobCancelled:
        catalogue.fail_job(job.id, worker, "cancelled")
    except UserError as error:
        catalogue.fail_job(job.id, worker, str(error))
    except Exception as error:
        _log.exception("job %s", job.id)
        catalogue.fail_job(job.id, worker, f"Gazeroom has a bug: {type(error).__name__}: {error}")
        raise


def work(store: Store, worker: str) -> int:
    """Take jobs until none is left. Returns how many were taken.

    While another worker is at a job this one stands by, in case that one dies.
    """
    n_jobs = 0
    while any(job.state in (JobState.QUEUED, JobState.RUNNING) for job in store.catalogue.jobs()):
        job = store.catalogue.claim_job(worker)
        if job is None:
            time.sleep(RENEW_EVERY_S)
            continue
        work_on(store, job, worker)
        n_jobs += 1
    return n_jobs


cli = typer.Typer(add_completion=False, rich_markup_mode=None)


@cli.command()
def main(
    store: Annotated[
        str, typer.Option("--store", metavar="URL_OR_DIR", help="The store that holds the jobs.")
    ],
    recordings: Annotated[
        Path | None,
        typer.Option(
            "--recordings", metavar="DIR", help="With a database URL: the folder of the recordings."
        ),
    ] = None,
    _verbose: VerboseOption = False,
) -> None:
    """Take the jobs of a store, one after the other, until none is left.

    Example: python -m learning.worker --store ./store
    """
    with open_store(store, recordings) as opened:
        work(opened, f"{socket.gethostname()}:{os.getpid()}")


if __name__ == "__main__":
    run(cli)
