"""`python -m learning.slurm SET --out RUN -- OPTIONS`: hands `learning.pretrain` to Slurm as a job.

Before its time ends, or where another job goes first, Slurm signals the job; the run then keeps a
checkpoint, and the job is queued again and goes on with it. Set, run and Python must lie where all nodes
see them. Needs submitit, the extra `slurm`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from acquisition.command_line import run, say
from acquisition.errors import UserError
from learning.files import load_set
from learning.options import OutOption, SetArgument

NOTICE_S = 120
"""Between the signal and the end of a job."""
LOGS = "slurm"
PORT = 29500
"""Of the first node, where the processes of several nodes meet."""


class Resumable:
    """A command that keeps what it has when SIGTERM ends it, and goes on when it is started again."""

    def __init__(self, words: list[str]) -> None:
        """Nothing is started yet."""
        self.words = words
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> None:
        """Run the command. Raises `UserError` where it fails; what it said is in the job's log."""
        import submitit

        # What torchrun reads where its processes are on several nodes.
        job = submitit.JobEnvironment()
        meeting = {"PET_RDZV_ENDPOINT": f"{job.hostnames[0]}:{PORT}", "PET_RDZV_ID": job.job_id}
        self._process = subprocess.Popen(self.words, env=os.environ | meeting)
        if code := self._process.wait():
            raise UserError(f"The command ended with exit code {code}; the log of the job says why.")

    def checkpoint(self) -> Any:
        """Asked by submitit when the job must go: end the command; gives what to queue again."""
        import submitit

        if self._process is not None:
            self._process.terminate()
            # Not `Popen.wait`: the handler of the signal interrupts one, which holds its lock.
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        return submitit.helpers.DelayedSubmission(Resumable(self.words))


def pretraining_words(set_folder: Path, out: Path, options: list[str], nodes: int, gpus: int) -> list[str]:
    """The command line of a run on many GPUs; where there are none it is one process a node."""
    return [
        *(sys.executable, "-m", "torch.distributed.run"),
        *("--nnodes", str(nodes), "--nproc-per-node", str(max(gpus, 1))),
        *(["--rdzv-backend", "c10d"] if nodes > 1 else ["--standalone"]),
        *("-m", "learning.pretrain", str(set_folder), "--out", str(out), "--resume", *options),
    ]


def submit(command: Resumable, logs: Path, cluster: str = "slurm", **parameters: Any) -> Any:
    """Hand a command to a cluster; the job of submitit.

    Args:
        command: what to run, once on each node.
        logs: a folder for what it says.
        cluster: `slurm`, or `local` for a process of this machine, to try.
        parameters: of `submitit.AutoExecutor.update_parameters`; None leaves one to the cluster.

    Raises:
        UserError: no submitit, no Slurm, or a parameter that it does not take.
    """
    try:
        import submitit
    except ImportError as error:
        raise UserError("Slurm jobs need submitit: install the extra gazeroom[slurm].") from error
    try:
        executor = submitit.AutoExecutor(folder=logs, cluster=cluster)
        executor.update_parameters(**{name: value for name, value in parameters.items() if value is not None})
        return executor.submit(command)
    except (RuntimeError, ValueError, NameError, submitit.core.utils.FailedJobError) as error:
        raise UserError(f"The cluster did not take the job: {error}") from error


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def main(
    context: typer.Context,
    set_folder: SetArgument,
    out: OutOption,
    gpus: Annotated[int, typer.Option(min=0, help="Of each node.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Computers that share the run.")] = 1,
    hours: Annotated[float, typer.Option(min=0, help="After which the job is queued again.")] = 24,
    cpus: Annotated[int | None, typer.Option(help="Cores of each node.")] = None,
    partition: Annotated[str | None, typer.Option(help="Of Slurm, as sinfo names them.")] = None,
    account: Annotated[str | None, typer.Option(help="Of Slurm, which the hours are charged to.")] = None,
    cluster: Annotated[str, typer.Option(metavar="slurm|local", help="local tries it here.")] = "slurm",
) -> None:
    """Queue a pretraining. What follows goes to learning.pretrain as it is.

    Example: python -m learning.slurm ./set --out ./run --partition gpu --gpus 4 --hours 8 -- --gaze gzpt
    """
    load_set(set_folder)
    words = pretraining_words(set_folder.resolve(), out.resolve(), context.args, nodes, gpus)
    job = submit(
        Resumable(words),
        out / LOGS,
        cluster,
        name="gazeroom",
        nodes=nodes,
        tasks_per_node=1,
        gpus_per_node=gpus or None,
        cpus_per_task=cpus,
        timeout_min=round(60 * hours),
        slurm_partition=partition,
        slurm_account=account,
        slurm_signal_delay_s=NOTICE_S,
    )
    say(f"Job {job.job_id} is queued; its log goes to {job.paths.stdout} and {job.paths.stderr}.")


if __name__ == "__main__":
    run(app)
