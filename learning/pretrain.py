"""`python -m learning.pretrain SET --out RUN`: the command line of `learning.pretraining`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from acquisition.command_line import JsonOption, VerboseOption, note, progress_bar, run, show, show_json
from learning import files
from learning.augment import AUGMENTATIONS
from learning.config import DEFAULT_PAIR_RATE, RunConfig, make_config, read_run_file, told_config
from learning.options import OutOption, SetArgument
from learning.presets import find_preset
from learning.pretraining import pretrain
from learning.ranks import joined
from learning.records import CONFIG
from learning.stop import EXIT_CODE, Stopped, leaving_at_once, noted_sigterm

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    set_folder: SetArgument,
    out: OutOption,
    run_file: Annotated[
        Path | None,
        typer.Option(
            "--run-file", metavar="PATH", help="Settings in TOML or YAML; options given here go before it."
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A published run's settings, for instance "
            "inbreast-byol-gzpt-resnet50; with -matched behind it differs in gaze alone.",
        ),
    ] = None,
    method: Annotated[str | None, typer.Option(help="byol, moco or simsiam. [default: byol]")] = None,
    gaze: Annotated[
        str | None,
        typer.Option(help="Which pairs are positives: none, mcgip, gzpt, labels or random. [default: none]"),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(help="The relation graph that says which images were read alike. [default: tima]"),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Pairs above it count.")] = None,
    pair_rate: Annotated[
        float | None,
        typer.Option(
            help="Or: choose the threshold by the share of pairs. "
            f"[default: {DEFAULT_PAIR_RATE}, unless --threshold is given]"
        ),
    ] = None,
    drop_probability: Annotated[
        float | None,
        typer.Option(
            help="With which a pair is dropped at a step; mcgip drops none. "
            "[default: 0.5 for gzpt and random, 0 for labels]"
        ),
    ] = None,
    backbone: Annotated[
        str | None, typer.Option(help="resnet18, vit_small, any name that timm knows. [default: resnet18]")
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(metavar="random|imagenet|PATH", help="Weights to begin with. [default: random]"),
    ] = None,
    image_size_px: Annotated[
        str | None,
        typer.Option(
            "--image-size", metavar="N|WxH", help="Side in px, or width and height: 600x300. [default: 64]"
        ),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="[default: 32]")] = None,
    accumulate: Annotated[int | None, typer.Option(help="Batches behind a step. [default: 1]")] = None,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="[default: 100]")] = None,
    optimiser: Annotated[str | None, typer.Option(help="adamw, lars or sgd. [default: adamw]")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="[default: 0.001]")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="[default: 0.0001]")] = None,
    momentum: Annotated[
        float | None, typer.Option(help="Of the target network at the start. [default: the method's]")
    ] = None,
    queue_size: Annotated[int | None, typer.Option(help="Keys that MoCo keeps. [default: 1280]")] = None,
    normalisation: Annotated[
        str | None,
        typer.Option(
            help="Of the loss: global (every pair weighs the same) or per_anchor. [default: global]"
        ),
    ] = None,
    augmentation: Annotated[
        str | None, typer.Option(help=f"{', '.join(AUGMENTATIONS)}. [default: mammography]")
    ] = None,
    start_from: Annotated[
        str | None, typer.Option(metavar="RUN", help="Start with the networks of this run.")
    ] = None,
    schedule_epochs: Annotated[
        int | None, typer.Option(metavar="N", help="For a warm-up: its epochs and those of its arms.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Label to watch; it teaches nothing unless --gaze labels.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of everything random. [default: 0]")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or auto. [default: auto]")] = None,
    compile: Annotated[
        bool | None,
        typer.Option("--compile", help="Let torch compile the networks; its gain was not measured."),
    ] = None,
    memory_gib: Annotated[
        float | None, typer.Option(help="Of images to hold in memory; more stay in a file. [default: 4]")
    ] = None,
    tensorboard: Annotated[
        bool | None, typer.Option("--tensorboard", help="Write events for TensorBoard, too.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a killed run stopped.")] = False,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Pretrain an encoder on a set. A run that SIGTERM stops ends with exit code 75 and can be resumed.

    Example: python -m learning.pretrain ./set --out ./runs/gzpt --gaze gzpt --scheme tima --pair-rate 0.075

    On many GPUs: torchrun --nproc-per-node 4 -m learning.pretrain ./set --out ./runs/gzpt --gaze gzpt
    """
    # Options are called as the settings are.
    options = locals()
    given = {name: options[name] for name in RunConfig.model_fields if options.get(name) is not None}
    try:
        with noted_sigterm() as asked, joined(device or "auto") as ranks:
            config = _settings(preset, run_file, given)
            with progress_bar("Pretraining") if ranks.is_first else nullcontext() as progress:
                if ranks.is_first:
                    note(f"Settings, kept in {out / CONFIG}: {told_config(config)}")
                record = pretrain(
                    set_folder,
                    out,
                    config,
                    resume=resume,
                    progress=progress,
                    should_stop=asked.is_heard,
                    ranks=ranks,
                )
    except Stopped as stopped:
        note(str(stopped))
        raise typer.Exit(EXIT_CODE) from stopped
    if not ranks.is_first:
        return
    told: dict[str, Any] = record.model_dump(exclude={"patients"}) | files.load_metrics(out)[-1].model_dump()
    if as_json:
        show_json(told | {"run": str(out)})
    else:
        show(
            [{"what": name, "value": value} for name, value in told.items()],
            title=str(out),
            as_json=False,
            empty="",
        )


def _settings(preset: str | None, run_file: Path | None, given: dict[str, object]) -> RunConfig:
    """A preset, then a run file, then what was given: the later goes before the earlier."""
    settings = find_preset(preset) if preset else {}
    for later in (read_run_file(run_file) if run_file else {}, given):
        # The two ways to choose a threshold shut each other out.
        if later.keys() & {"threshold", "pair_rate"}:
            settings = {name: settings[name] for name in settings.keys() - {"threshold", "pair_rate"}}
        settings = {**settings, **later}
    return make_config(**settings)


if __name__ == "__main__":
    with leaving_at_once():
        run(app)
