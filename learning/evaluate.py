"""`python -m learning.evaluate RUN... --set SET --out DIR`: the command line of `learning.evaluation`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from acquisition.command_line import (
    JsonOption,
    SeedOption,
    VerboseOption,
    note,
    progress_bar,
    run,
    show,
    show_json,
)
from acquisition.errors import UserError
from learning.evaluation.fine_tune import FineTuning
from learning.evaluation.judging import LEVEL, Protocol, evaluate
from learning.files import Results, load_results
from learning.options import ArmOption, DeviceOption, OutOption

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    set_folder: Annotated[Path, typer.Option("--set", metavar="SET", help="The set to judge on.")],
    out: OutOption,
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Finished runs of learning.pretrain.")
    ] = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Leave the table as comparison.html, .csv and .tex, too, for a paper."
        ),
    ] = False,
    arm: ArmOption = None,
    fine_tune: Annotated[
        bool,
        typer.Option("--fine-tune", help="Also train the encoders on the labels. Folds done are kept."),
    ] = False,
    learning_rate: Annotated[
        list[float] | None,
        typer.Option(help="Of fine-tuning; several are a grid. As a rule 0.00001, 0.0001 and 0.001."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", metavar="N", min=1, help="Of fine-tuning, at most; 30 as a rule."),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Which label: as a rule pathology, or the only one.")
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Parts that patients are dealt to, each judged once.")
    ] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="Of the folds.")] = 3,
    bootstraps: Annotated[int, typer.Option(min=10, help="Samples behind an interval.")] = 2000,
    may_share_patients: Annotated[
        bool,
        typer.Option(
            "--may-share-patients",
            "--declare-leakage",
            help="Judge on patients an encoder learnt from; the report says so.",
        ),
    ] = False,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Judge encoders: metrics with intervals, differences between arms, a report.

    Runs that differ in their seed alone are one arm.

    Example: python -m learning.evaluate ./runs/none ./runs/gzpt --set ./set --out ./evaluation
    """
    protocol = Protocol(
        label=label,
        n_folds=folds,
        n_repeats=repeats,
        n_bootstraps=bootstraps,
        seed=seed,
        may_share_patients=may_share_patients,
        device=device,
        fine_tuning=_fine_tuning(fine_tune, learning_rate, epochs),
        arms=tuple(arm or ()),
        is_comparison=compare,
    )
    with progress_bar("Evaluation") as progress:
        report = evaluate(runs or [], set_folder, out, protocol, progress)
    results = load_results(out)
    if as_json:
        show_json(results.model_dump() | {"report": str(report)})
        return
    _show(results)
    for caution in results.cautions:
        note(caution)
    show([{"report": str(report), "note": results.note}], title="", as_json=False, empty="")


def _fine_tuning(
    is_wanted: bool, learning_rates: list[float] | None, n_epochs: int | None
) -> FineTuning | None:
    if not is_wanted:
        if learning_rates or n_epochs:
            raise UserError("--learning-rate and --epochs are of fine-tuning; ask for it by --fine-tune.")
        return None
    plan = FineTuning() if n_epochs is None else FineTuning(n_epochs=n_epochs)
    if not learning_rates:
        return plan
    if min(learning_rates) <= 0:
        raise UserError("A learning rate is above 0; give others by --learning-rate.")
    return replace(plan, learning_rates=tuple(sorted(set(learning_rates))))


def _show(results: Results) -> None:
    first = results.arms[0].scores[0].metric
    rows = [
        {"arm": arm.name, "seeds": len(arm.seeds) or ""}
        | {s.protocol: f"{s.value:.3f} [{s.low:.3f}, {s.high:.3f}]" for s in arm.scores if s.metric == first}
        for arm in results.arms
    ]
    title = f"{first} with {LEVEL:.0%} intervals over {results.n_patients} patients and the seeds"
    show(rows, title=title, as_json=False, empty="")


if __name__ == "__main__":
    run(app)
