"""`python -m learning.sense RUN... --set SET --image ID --point X,Y --out DIR`: what is like this point?

The cosines of all places of the encoders' last feature maps with the place of a point, as arrays and as a
picture: with a run without gaze and one with it, before and after gaze.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from acquisition.command_line import JsonOption, VerboseOption, run, show, show_json
from acquisition.errors import UserError
from learning.decoded import decode
from learning.device import choose_device
from learning.encoder import load_encoder
from learning.evaluation.entrants import Arm, Entrant, arm_without_run, arms_of_runs, told_apart
from learning.files import Entry, load_set
from learning.options import ArmOption, DeviceOption, OutOption
from learning.records import ENCODER
from learning.report.sensed import Seen, Sensed, sensing_picture
from learning.sensing import place_of, sensed, similarity_map
from learning.sizes import width_and_height
from learning.storage import FORMAT_VERSION, SOFTWARE, Document, write_text, written_whole

PICTURE = "sensing.png"
RECORD = "sensing.json"


class SensedMap(Document):
    """One map."""

    name: str
    run: str
    """Name of the run's folder; empty for an encoder without one."""
    file: str
    """npy, float64 (h, w)."""
    row: int
    column: int
    """Of the place that the point lies in; the map is 1 there."""
    learnt_from_simulated_gaze: bool
    lowest: float
    mean: float


class Sensing(Document):
    """`sensing.json`: whose maps these are."""

    format: Literal["gazeroom-sensing"] = "gazeroom-sensing"
    version: int = FORMAT_VERSION
    software: str = SOFTWARE
    set_sha256: str
    image: str
    image_is_simulated: bool
    point_px: tuple[float, float]
    maps: tuple[SensedMap, ...]


def sense(
    runs: Sequence[Path],
    set_folder: Path,
    image: str,
    point_px: tuple[float, float],
    out: Path,
    *,
    arms: Sequence[str] = (),
    image_size_px: int | None = None,
    device: str = "auto",
) -> Sensing:
    """Leave the maps of encoders for one point of one image, side by side.

    Args:
        runs: folders of finished runs.
        set_folder: the set that holds the image.
        image: its id.
        point_px: x and y in the image's frame.
        out: gets an npy for each encoder, sensing.png and sensing.json.
        arms: encoders without a run, see `learning.evaluation.entrants`.
        image_size_px: side at which runs' encoders see the image; None is the size they learnt from. A
            larger one gives more places, and not every backbone takes one.
        device: where it is computed.

    Raises:
        UserError: a run, set, image or point that cannot be used.
    """
    trained = arms_of_runs(runs)
    judged = told_apart([*trained, *(arm_without_run(spec, trained) for spec in arms)])
    if not judged:
        raise UserError(
            "There is nothing to look at; name at least one finished run, or an encoder by --arm."
        )
    manifest = load_set(set_folder)
    entry = _find(manifest.entries, image, set_folder)
    place_of(point_px, entry.box_px, (1, 1))
    entrants = [(arm, entrant) for arm in judged for entrant in arm.entrants]
    maps = []
    for arm, entrant in entrants:
        encoder, size_px = _encoder(arm, entrant, image_size_px)
        (pixels,) = decode(set_folder, [entry], width_and_height(size_px), lambda _: None)
        features = sensed(encoder, pixels, choose_device(device))
        maps.append(_map(arm, entrant, features, place_of(point_px, entry.box_px, features.shape[1:])))
    told = [
        _leave(out, n, each, made) for n, ((_, each), made) in enumerate(zip(entrants, maps, strict=True), 1)
    ]
    seen = Seen(_whole(set_folder / entry.file), entry.box_px, point_px, entry.is_simulated)
    with written_whole(out / PICTURE) as file:
        file.write(sensing_picture(seen, maps))
    record = Sensing(
        set_sha256=manifest.sha256,
        image=entry.id,
        image_is_simulated=entry.is_simulated,
        point_px=point_px,
        maps=tuple(told),
    )
    write_text(out / RECORD, record.model_dump_json(indent=1))
    return record


def _find(entries: Sequence[Entry], image: str, set_folder: Path) -> Entry:
    for entry in entries:
        if entry.id == image:
            return entry
    raise UserError(
        f"{set_folder} has no image '{image}'; its images are named by the files in its folder images, "
        f"for instance {entries[0].id}."
        if entries
        else f"{set_folder} has no images."
    )


def _encoder(
    arm: Arm, entrant: Entrant, image_size_px: int | None
) -> tuple[nn.Module, int | tuple[int, int]]:
    """An encoder and the size of the images that it is shown."""
    if image_size_px is None or entrant.run is None:
        return entrant.create(), arm.image_size_px
    return load_encoder(entrant.run / ENCODER, arm.backbone, image_size_px), image_size_px


def _map(arm: Arm, entrant: Entrant, features: NDArray[np.float64], place: tuple[int, int]) -> Sensed:
    name = f"{arm.name}, seed {entrant.seed}" if len(arm.entrants) > 1 else arm.name
    used_gaze = arm.gaze not in ("", "none", "labels")
    is_simulated = used_gaze and arm.record is not None and arm.record.gaze_is_simulated
    return Sensed(name, similarity_map(features, *place), *place, is_simulated)


def _leave(out: Path, number: int, entrant: Entrant, made: Sensed) -> SensedMap:
    folder = entrant.run.name if entrant.run else ""
    name = f"{number}-{folder}.npy" if folder else f"{number}.npy"
    with written_whole(out / name) as file:
        np.save(file, made.map, allow_pickle=False)
    return SensedMap(
        name=made.name,
        run=folder,
        file=name,
        row=made.row,
        column=made.column,
        learnt_from_simulated_gaze=made.learnt_from_simulated_gaze,
        lowest=float(made.map.min()),
        mean=float(made.map.mean()),
    )


def _whole(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as file:
        return np.array(file)


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    set_folder: Annotated[Path, typer.Option("--set", metavar="SET", help="The set that holds the image.")],
    image: Annotated[str, typer.Option("--image", metavar="ID", help="As the set names it.")],
    point: Annotated[str, typer.Option("--point", metavar="X,Y", help="In px of the image's file.")],
    out: OutOption,
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Finished runs of learning.pretrain.")
    ] = None,
    arm: ArmOption = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            min=16, help="Side in px that runs are shown, as a rule their own; larger gives more places."
        ),
    ] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Show what encoders take for alike within an image: arrays, and a picture of them side by side.

    Example: python -m learning.sense ./none ./gzpt --set ./set --image 4f1c --point 120,88 --out ./sensing
    """
    made = sense(
        runs or [],
        set_folder,
        image,
        read_point(point),
        out,
        arms=arm or (),
        image_size_px=image_size,
        device=device,
    )
    if as_json:
        show_json(made.model_dump() | {"picture": str(out / PICTURE)})
        return
    rows = [
        {"encoder": each.name, "lowest": f"{each.lowest:.3f}", "mean": f"{each.mean:.3f}", "map": each.file}
        for each in made.maps
    ]
    show(rows, title=f"Cosines with ({point}) of {image}", as_json=False, empty="")
    show([{"picture": str(out / PICTURE)}], title="", as_json=False, empty="")


def read_point(text: str) -> tuple[float, float]:
    """X and Y of `120,88`. Raises `UserError` for anything else."""
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError(f"'{text}' is no point; give x and y in px, as 120,88.") from error
    return x, y


if __name__ == "__main__":
    run(app)
