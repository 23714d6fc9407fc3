"""Arms side by side: one plain warm-up that all share, then every arm for as long, differing in gaze alone.

Arms are threads of one process. Torch lets go of the interpreter while it computes, so that they keep as
many cores busy as processes would, and torch is loaded once and held in memory once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from acquisition.command_line import Step, say_nothing
from acquisition.errors import UserError
from learning.config import DEFAULT_DROP_PROBABILITY, DEFAULT_PAIR_RATE, Gaze, RunConfig
from learning.pretraining import pretrain

ARMS: tuple[Gaze, ...] = ("none", "gzpt", "random")
WARM_UP = "warm-up"
EPOCHS = 12
"""Of the warm-up, and of each arm after it: about 150 s on two cores for 240 images of 64 px."""


class _Stopped(Exception):
    """Another arm failed or somebody asked to stop."""


def run_arms(
    set_folder: Path,
    out: Path,
    arms: Sequence[Gaze] = ARMS,
    config: RunConfig | None = None,
    *,
    warm_up_epochs: int = EPOCHS,
    progress: Step | None = None,
) -> list[Path]:
    """Pretrain matched arms on a set. What is finished already is not done again.

    Args:
        set_folder: the pretraining set.
        out: gets a run folder for each arm, and the warm-up's.
        arms: which pairs are positives in each.
        config: settings that all arms share; their gaze is set here.
        warm_up_epochs: of plain training before the arms part; 0 for none.
        progress: told of the fraction done; whatever it raises stops all arms, which can be resumed by
            calling again.

    Returns:
        the arms' folders, in order.
    """
    base = config or RunConfig(epochs=EPOCHS, watch_every=4)
    if "labels" in arms and base.threshold is not None:
        raise UserError("Matched arms of labels need a pair rate: a threshold says nothing about labels.")
    if "mcgip" in arms and "gzpt" not in arms and base.drop_probability is None:
        # McGIP drops none, and what it is compared with must have as many.
        base = base.model_copy(update={"drop_probability": 0.0})
    tell = progress or say_nothing
    n_epochs = warm_up_epochs + len(arms) * base.epochs
    start = None
    if warm_up_epochs:
        share = warm_up_epochs / n_epochs
        warm_up = base.model_copy(
            update={
                "gaze": "none",
                "epochs": warm_up_epochs,
                "schedule_epochs": warm_up_epochs + base.epochs,
            }
        )
        pretrain(
            set_folder,
            out / WARM_UP,
            warm_up,
            resume=True,
            progress=lambda done, message: tell(share * done, f"warm-up: {message}"),
        )
        start = str(out / WARM_UP)
    else:
        share = 0.0
    settings = {out / gaze: _of_arm(base, gaze).model_copy(update={"start_from": start}) for gaze in arms}
    pretrain_side_by_side(
        set_folder, settings, lambda done, message: tell(share + (1 - share) * done, message)
    )
    return [out / gaze for gaze in arms]


def _of_arm(base: RunConfig, gaze: Gaze) -> RunConfig:
    """The settings of an arm: label pairs are as many as those of gaze, and dropped as often."""
    if gaze != "labels":
        return base.model_copy(update={"gaze": gaze})
    drop = DEFAULT_DROP_PROBABILITY if base.drop_probability is None else base.drop_probability
    rate = base.pair_rate or DEFAULT_PAIR_RATE
    return base.model_copy(update={"gaze": gaze, "pair_rate": rate, "drop_probability": drop})


def pretrain_side_by_side(set_folder: Path, settings: Mapping[Path, RunConfig], tell: Step) -> None:
    """Train runs on one set, all at once, each with its share of the cores.

    Args:
        set_folder: the pretraining set.
        settings: of each run, by its folder; what is finished already is not done again.
        tell: told of the fraction done, by the calling thread; whatever it raises stops all runs.
    """
    n_threads = torch.get_num_threads()
    threads_each = max(1, n_threads // len(settings))
    told, stop = threading.Condition(), threading.Event()
    done_of = dict.fromkeys(settings, 0.0)

    def work(out: Path) -> None:
        torch.set_num_threads(threads_each)

        def note(done: float, message: str) -> None:  # noqa: ARG001
            with told:
                done_of[out] = done
                told.notify()
            if stop.is_set():
                raise _Stopped

        pretrain(set_folder, out, settings[out], resume=True, progress=note)
        note(1.0, "")

    with ThreadPoolExecutor(len(settings), thread_name_prefix="arm") as pool:
        running = [pool.submit(work, out) for out in settings]
        try:
            while not all(arm.done() for arm in running):
                with told:
                    told.wait(timeout=0.5)
                    ahead = sum(done_of.values()) / len(done_of)
                    message = ", ".join(f"{out.name} {done:.0%}" for out, done in done_of.items())
                tell(ahead, message)
                if any(arm.done() and arm.exception() for arm in running):
                    break
        finally:
            stop.set()
            torch.set_num_threads(n_threads)
    for arm in running:
        if not isinstance(arm.exception(), _Stopped):
            arm.result()
