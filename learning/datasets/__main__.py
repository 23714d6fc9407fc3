"""`python -m learning.datasets NAME FOLDER --out SET`: a published data set becomes a pretraining set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from acquisition.command_line import JsonOption, VerboseOption, progress_bar, run, show, show_json
from acquisition.errors import UserError
from learning.datasets.assemble import assemble
from learning.datasets.found import FoundImage, Layout
from learning.datasets.gaze import FoundGaze, NoGaze, shown_at
from learning.datasets.gaze_formats import FORMATS, find_format
from learning.datasets.layouts import LAYOUTS, find_layout
from learning.graph import Recipe
from learning.making import EVALUATE_SHARE

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"The layout: {', '.join(LAYOUTS)}.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The data set as it was unpacked.")],
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="The set's folder; must be new.")],
    gaze: Annotated[
        str | None,
        typer.Option(metavar="FORMAT:FOLDER", help=f"Gaze, joined by image name: {', '.join(FORMATS)}."),
    ] = None,
    gaze_height: Annotated[
        float | None,
        typer.Option(min=1, metavar="PX", help="Height at which the images were shown to the reader."),
    ] = None,
    crops: Annotated[
        bool, typer.Option("--crops", help="The marked lesions instead of whole images.")
    ] = False,
    label: Annotated[
        list[str] | None, typer.Option(help="Label to take along; may be repeated. [default: all]")
    ] = None,
    scheme: Annotated[
        str | None, typer.Option(help="Of the relation graph. [default: tima, of heat maps moments]")
    ] = None,
    profile: Annotated[str, typer.Option(help="corrected, or reference: as published.")] = "corrected",
    evaluate_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of patients to evaluate, where no split was published.")
    ] = EVALUATE_SHARE,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Make a pretraining set of a published data set; docs/datasets.md has the layouts.

    Example: python -m learning.datasets inbreast ./INbreast --gaze mcgip:./gaze --out ./set
    """
    layout = find_layout(name)
    whole = _whole(layout, folder)
    images = _crops(layout, name, folder) if crops else whole
    readings = _readings(gaze, gaze_height)
    with progress_bar("Set") as progress:
        assembled = assemble(
            images,
            out,
            title=f"{'lesions of ' if crops else ''}{layout.title}",
            whole=whole,
            gaze=readings,
            recipe=Recipe(scheme or _usual_scheme(readings), profile),
            labels=label or (),
            evaluate_share=evaluate_share,
            progress=progress,
        )
    told = {"set": str(out)} | {name.removeprefix("n_"): value for name, value in asdict(assembled).items()}
    if as_json:
        show_json(told)
    else:
        show([told], title="Pretraining set", as_json=False, empty="")


def _whole(layout: Layout, folder: Path) -> list[FoundImage]:
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; give the one that the data set was unpacked to.")
    return layout.read(folder)


def _crops(layout: Layout, name: str, folder: Path) -> list[FoundImage]:
    if layout.read_crops is None:
        raise UserError(f"{name} marks no lesions that could be cropped; leave --crops out.")
    return layout.read_crops(folder)


def _readings(gaze: str | None, height_px: float | None) -> list[FoundGaze] | None:
    """None where no gaze was asked for."""
    if gaze is None:
        return None
    name, colon, folder = gaze.partition(":")
    if not colon or not Path(folder).is_dir():
        raise UserError(f"'{gaze}' is no FORMAT:FOLDER with a folder that is there, like mcgip:./gaze.")
    readings = find_format(name).read(Path(folder))
    if not readings:
        raise NoGaze(
            f"{folder} holds no gaze that counts: every reading is empty, blank, of another frame or marked "
            "as not usable; check it, or leave --gaze out for a set without."
        )
    return shown_at(readings, height_px)


def _usual_scheme(readings: list[FoundGaze] | None) -> str:
    return "tima" if all(reading.is_ordered for reading in readings or ()) else "moments"


if __name__ == "__main__":
    run(app)
