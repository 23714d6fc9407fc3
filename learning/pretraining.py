"""A pretraining set becomes an encoder. Reads top to bottom; `learning.pretrain` is its command line.

Needs the set's folder alone: no screen, no database, no DICOM. The same set, settings, device and number
of threads give the same encoder, whether the run went through or was killed and resumed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from acquisition.command_line import Step, say_nothing
from acquisition.errors import UserError
from learning import files
from learning.augment import find_augmentation
from learning.checkpoint import load_checkpoint, save_checkpoint
from learning.config import RunConfig, load_config, save_config, told_config
from learning.device import CannotCompile, choose_device, compile_networks, uses_bfloat16
from learning.encoder import create_encoder, n_features, save_encoder, seeded
from learning.images import Images, load_images
from learning.journal import Journal, check_tensorboard
from learning.labels import label_of_set
from learning.methods import Method, create_method
from learning.optimise import create_optimiser
from learning.pairs import Likeness, Pairing, choose_pairs
from learning.ranks import ALONE, Ranks
from learning.records import CHECKPOINTS, CONFIG, ENCODER, RUN
from learning.start import Start, load_networks, take_start
from learning.stop import Pauses, Stopped
from learning.training import Place, Training
from learning.watch import Watch

SECONDS_BETWEEN_CHECKPOINTS = 60.0

_log = logging.getLogger("gazeroom.learning")


def pretrain(
    set_folder: Path,
    out: Path,
    config: RunConfig,
    *,
    resume: bool = False,
    progress: Step | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    ranks: Ranks = ALONE,
) -> files.RunRecord:
    """Train an encoder on the `pretrain` part of a set.

    Args:
        set_folder: a pretraining set.
        out: the run's folder; must not hold a run unless `resume`.
        config: the settings.
        resume: go on from the newest sound checkpoint; a finished run is only looked up.
        progress: told of the fraction done; whatever it raises stops a run that can be resumed.
        should_stop: asked after every batch.
        ranks: the processes that train it together; the first alone writes.

    Raises:
        Stopped: `should_stop` said so; a checkpoint holds every batch.
        UserError: a set, graph, start or checkpoint that does not fit, or a loss that is not a number.
    """
    tell = progress or say_nothing
    tell(0.0, "checking the set")
    if config.tensorboard:
        check_tensorboard()
    manifest = files.load_set(set_folder)
    if _is_finished(out, manifest, config, resume):
        return files.load_run(out)

    device = choose_device(config.device)
    # What is decoded or fetched once is there for the others then.
    with ranks.first_before_others():
        data = _load_data(set_folder, manifest, config, device, tell, should_stop)
        with _compiling(out, config, should_stop):
            networks = _create_networks(config, manifest, device)
    ranks.share_statistics(networks.method, device)
    epoch, place = _resume(out, manifest, config, networks) if resume else (0, Place())
    _check_agreement(ranks, manifest, config, epoch, place)
    if ranks.is_first:
        save_config(out, config)

    pauses = Pauses(should_stop, SECONDS_BETWEEN_CHECKPOINTS, ranks.any)
    training = _training(config, device, data, networks, pauses, ranks)
    with Journal(out, epoch, with_tensorboard=config.tensorboard, is_kept=ranks.is_first) as journal:
        while epoch < config.epochs:
            tell(epoch / config.epochs, f"epoch {epoch + 1} of {config.epochs}")
            with _compiling(out, config, should_stop):
                figures = training.epoch(networks.start.n_epochs + epoch, place)
            _check_sound(out, epoch, place, networks.method)
            if figures is not None:
                seen = data.watch.neighbour_auc(epoch, networks.encoder) if ranks.is_first else None
                looked = {"epoch": epoch, "pair_purity": data.pairing.purity, "knn_auc": seen}
                journal.add(files.EpochMetrics.model_validate(figures | looked))
                epoch, place = epoch + 1, Place()
            if pauses.is_due and epoch < config.epochs:
                if ranks.is_first:
                    state = _state(manifest, config, networks, place)
                    save_checkpoint(out / CHECKPOINTS, epoch, state, n_images=place.n_done)
                pauses.begin_anew()
            if pauses.is_stopped and epoch < config.epochs:
                raise Stopped(f"{out} was asked to stop in epoch {epoch + 1}; go on with it by --resume.")

    # What stays: the networks, for runs that start from this one, the encoder and the record.
    if ranks.is_first:
        is_over = networks.start.n_epochs + epoch >= training.n_scheduled
        save_checkpoint(
            out / CHECKPOINTS, epoch, _state(manifest, config, networks, place, is_over=is_over), keep=1
        )
        encoder_sha256 = save_encoder(out / ENCODER, networks.encoder)
        files.save_run(out, _record(config, manifest, data, networks, encoder_sha256, device))
    ranks.wait()
    tell(1.0, "done")
    return files.load_run(out)


@contextmanager
def _compiling(out: Path, config: RunConfig, should_stop: Callable[[], bool]) -> Iterator[None]:
    """A signal to all processes of a job ends compilers, too: then the run was stopped and nothing broke."""
    try:
        yield
    except (RuntimeError, CannotCompile) as error:
        if not config.compile or not should_stop():
            raise
        raise Stopped(f"{out} was asked to stop while torch compiled; go on with it by --resume.") from error


def _check_agreement(
    ranks: Ranks, manifest: files.SetManifest, config: RunConfig, epoch: int, place: Place
) -> None:
    """Raise `UserError` where processes would not do the same. No process writes before all came here."""
    if config.batch_size < ranks.n:
        raise UserError(f"{ranks.n} processes cannot share a batch of {config.batch_size}; start fewer.")
    if not ranks.agree(f"{manifest.sha256} {told_config(config)} {epoch} {place.n_done}"):
        raise UserError(
            "The processes of this run see different sets, settings or checkpoints: they need the same "
            "folders on a disk that all of them reach."
        )


def _training(
    config: RunConfig,
    device: torch.device,
    data: _Data,
    networks: _Networks,
    pauses: Pauses,
    ranks: Ranks,
) -> Training:
    pairs = torch.from_numpy(data.pairing.pairs).to(device)
    return Training(
        config,
        device,
        networks.method,
        networks.optimiser,
        data.images,
        Likeness(pairs, config.drop, config.own_copies_are_positive),
        config.schedule_epochs or networks.start.n_epochs + config.epochs,
        pauses.ask,
        ranks,
    )


@dataclass(frozen=True)
class _Data:
    """What a run learns from and is watched by."""

    images: Images
    pairing: Pairing
    watch: Watch
    patients: frozenset[str]


def _load_data(
    set_folder: Path,
    manifest: files.SetManifest,
    config: RunConfig,
    device: torch.device,
    tell: Step,
    should_stop: Callable[[], bool],
) -> _Data:
    """Images of the patients to learn from, who is like whom, and those to look at."""
    entries = manifest.of_part("pretrain")
    if len(entries) < config.batch_size:
        raise UserError(
            f"{set_folder} has {len(entries)} images to learn from, fewer than a batch of "
            f"{config.batch_size}; choose a smaller --batch-size or read more cases."
        )
    find_augmentation(config.augmentation)
    pairing = choose_pairs(set_folder, manifest, config)

    def each(n_decoded: int) -> None:
        tell(0.0, f"image {n_decoded} of {len(entries)}")
        if should_stop():
            raise Stopped(f"{set_folder} was still being read when the run was asked to stop; start it anew.")

    if config.gaze != "none" and not pairing.pairs.any():
        _log.warning("%s has no pairs under these settings: the run learns as without gaze", set_folder)
    pixels = load_images(set_folder, entries, config.image_size_px, memory_gib=config.memory_gib, each=each)
    watch = Watch(set_folder, manifest, config, device)
    return _Data(Images(pixels, device), pairing, watch, frozenset(entry.patient for entry in entries))


@dataclass(frozen=True)
class _Networks:
    """What a run changes."""

    encoder: nn.Module
    method: Method
    optimiser: torch.optim.Optimizer
    start: Start


def _create_networks(config: RunConfig, manifest: files.SetManifest, device: torch.device) -> _Networks:
    """New networks, or those of the run to start from."""
    with seeded(config.seed):
        encoder = create_encoder(config.backbone, config.image_size_px, config.init)
        method = create_method(config, encoder, n_features(encoder))
    method.to(device).to(memory_format=torch.channels_last)
    if config.compile:
        compile_networks(method, device)
    optimiser = create_optimiser(method, config)
    start = take_start(method, optimiser, config, manifest)
    n_epochs = start.n_epochs + config.epochs
    if config.schedule_epochs is not None and config.schedule_epochs < n_epochs:
        raise UserError(
            f"Schedules of {config.schedule_epochs} epochs end before the run does, which comes to "
            f"{n_epochs}; raise --schedule-epochs or leave it out."
        )
    return _Networks(encoder, method, optimiser, start)


def _is_finished(out: Path, manifest: files.SetManifest, config: RunConfig, resume: bool) -> bool:
    """Whether the run is there already. Raises `UserError` where the folder holds something else."""
    if not (out / CONFIG).is_file():
        return False
    if not resume:
        raise UserError(f"{out} already holds a run; go on with it by --resume or choose another --out.")
    if not load_config(out).learns_as(config):
        raise UserError(
            f"{out} holds a run with other settings; resume it with the same ones or choose another --out."
        )
    if not (out / RUN).is_file():
        return False
    record = files.load_run(out)
    _check_set(out, (record.set_sha256, record.graph_sha256), _learnt_from(manifest, config))
    return True


def _learnt_from(manifest: files.SetManifest, config: RunConfig) -> tuple[str, str | None]:
    """Hashes of the set and of the graph that a run uses."""
    return manifest.learnt_sha256, manifest.graph_sha256(config.scheme) if config.uses_scheme else None


def _check_set(out: Path, held: tuple[str, str | None], given: tuple[str, str | None]) -> None:
    if held != given:
        what = "set" if held[0] != given[0] else "graph of this set"
        raise UserError(f"{out} holds a run on another {what}; choose another --out.")


def _resume(
    out: Path, manifest: files.SetManifest, config: RunConfig, networks: _Networks
) -> tuple[int, Place]:
    """Load the newest sound checkpoint; how many epochs it holds and how far it is in the next."""
    found = load_checkpoint(out / CHECKPOINTS)
    if found is None:
        return 0, Place()
    n_epochs, state = found
    _check_set(out, tuple(state["learnt_from"]), _learnt_from(manifest, config))
    load_networks(out, state, networks.method, networks.optimiser)
    return n_epochs, Place.of_state(state.get("place", {}))


def _state(
    manifest: files.SetManifest,
    config: RunConfig,
    networks: _Networks,
    place: Place,
    *,
    is_over: bool = False,
) -> dict[str, Any]:
    """What a checkpoint holds. Where the schedules are over, nobody goes on with the optimiser."""
    state = {
        "learnt_from": _learnt_from(manifest, config),
        "method": networks.method.state_dict(),
        "place": place.state(),
    }
    return state if is_over else state | {"optimiser": networks.optimiser.state_dict()}


def _check_sound(out: Path, epoch: int, place: Place, method: Method) -> None:
    """Raise `UserError` where the loss or a weight is no number: such a state is never saved."""
    if place.totals.isfinite().all() and all(each.isfinite().all() for each in method.parameters()):
        return
    saved = out / CHECKPOINTS
    kept = f"; the last sound state is in {saved}" if saved.is_dir() else ""
    raise UserError(
        f"The loss of epoch {epoch + 1} is not a number{kept}. Choose a lower learning rate and another "
        "--out."
    )


def _record(
    config: RunConfig,
    manifest: files.SetManifest,
    data: _Data,
    networks: _Networks,
    encoder_sha256: str,
    device: torch.device,
) -> files.RunRecord:
    return files.RunRecord(
        set_sha256=manifest.learnt_sha256,
        graph_sha256=_learnt_from(manifest, config)[1],
        patients=tuple(sorted(data.patients | set(networks.start.past.patients))),
        is_past_known=networks.start.past.is_known,
        gaze_is_simulated=manifest.gaze_is_simulated,
        method=config.method,
        gaze=config.gaze,
        scheme=config.scheme if config.uses_scheme else None,
        threshold=data.pairing.threshold,
        pair_rate=data.pairing.rate,
        pairs_per_image=None if config.gaze == "none" else float(data.pairing.pairs.sum(axis=1).mean()),
        label=label_of_set(manifest, config.label) if config.gaze == "labels" else None,
        seed=config.seed,
        n_epochs=networks.start.n_epochs + config.epochs,
        backbone=config.backbone,
        image_size_px=config.image_size_px,
        matching_sha256=config.matching_sha256,
        precision="bfloat16" if uses_bfloat16(config, device) else "float32",
        start_gaze=networks.start.gaze,
        start_conditions=networks.start.conditions,
        encoder_sha256=encoder_sha256,
    )
