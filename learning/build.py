"""`python -m learning.build --store STORE --out SET`: committed readings become a set that is safe to send.

Everything that names somebody or something stays behind: images, patients and readers become keyed
pseudonyms, pixels go through the display pipeline to 8 bit, labels come from imported truth by name. The
set is made beside its place and renamed once it is whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image as Picture

from acquisition.command_line import (
    JsonOption,
    Step,
    VerboseOption,
    progress_bar,
    run,
    say_nothing,
    show,
    show_json,
)
from acquisition.dicom import read_image
from acquisition.domain import Image
from acquisition.errors import UserError
from acquisition.gate import committed_readings
from acquisition.store import Store, open_store
from acquisition.traces import Trace
from learning.files import Entry, Lineage, load_set
from learning.graph import Recipe, StoreGaze, committed_gaze, join_traces, relate_set
from learning.labels import USUAL_LABEL
from learning.making import (
    EVALUATE_SHARE,
    Pseudonyms,
    made_whole,
    part_patients,
    refuse_taken,
    write_manifest,
)
from learning.similarity import SCHEMES


def build_set(
    store: Store,
    out: Path,
    *,
    scheme: str = "tima",
    profile: str = "corrected",
    labels: Collection[str] = (USUAL_LABEL,),
    evaluate_share: float = EVALUATE_SHARE,
    progress: Step | None = None,
) -> int:
    """Write a pretraining set of all committed readings and all labelled images.

    Readings that lost too much gaze and must be repeated (`acquisition.gate`) are left out.

    Patients are parted: those that nobody has read but that have a label are for evaluation, and as many of
    the others as make `evaluate_share`. Gaze on evaluation images stays behind.

    Args:
        store: where the readings are.
        out: the set's folder; must not be there yet.
        scheme: of the relation graph that the set gets.
        profile: of the relation graph.
        labels: names of the imported labels that go into the set, with their values as they are.
        evaluate_share: share of the patients kept for evaluation, 0 to 1.
        progress: told of the fraction done; whatever it raises stops the work and leaves nothing behind.

    Returns:
        how many committed readings went into the set.
    """
    refuse_taken(out)
    tell = progress or say_nothing
    gaze = committed_gaze(store, lambda done, message: tell(0.4 * done, message))
    if not gaze.traces:
        raise UserError("The store holds no committed reading with gaze on an image; read a case first.")
    plan = _plan(store, gaze, labels, evaluate_share)
    with made_whole(out) as building:
        _write(building, plan, lambda done, message: tell(0.4 + 0.4 * done, message))
        relate_set(building, Recipe(scheme, profile), lambda done, message: tell(0.8 + 0.2 * done, message))
    return plan.lineage.n_readings


@dataclass(frozen=True)
class _Plan:
    """What will be in a set, and where its images are now."""

    entries: tuple[Entry, ...]
    images: Mapping[str, Image]
    """By pseudonym."""
    traces: tuple[Trace, ...]
    trace_names: tuple[tuple[str, str], ...]
    """Pseudonyms of image and reader of each trace."""
    lineage: Lineage
    gaze_is_simulated: bool


def _plan(store: Store, gaze: StoreGaze, labels: Collection[str], evaluate_share: float) -> _Plan:
    pseudonyms, traces = Pseudonyms(store.catalogue.pseudonym_key()), gaze.traces
    read = {trace.image_id for trace in traces}
    truth = _truth(store, labels)
    images = [image for image in store.catalogue.images() if image.id in read or image.id in truth]
    patient_keys = {case.id: case.patient_key for case in store.catalogue.cases()}
    patient_of = {image.id: pseudonyms.of("patient", patient_keys[image.case_id]) for image in images}
    parts = part_patients(
        patient_of,
        labelled={image_id for image_id in truth if image_id in patient_of},
        read=read,
        share=evaluate_share,
    )
    named = {pseudonyms.of("image", image.id): image for image in images}
    entries = tuple(
        Entry(
            id=name,
            patient=patient_of[image.id],
            part=parts[patient_of[image.id]],
            file=f"images/{name}.png",
            width_px=image.width_px,
            height_px=image.height_px,
            box_px=image.box_px,
            labels=truth.get(image.id, {}),
            is_simulated=image.is_simulated,
        )
        for name, image in sorted(named.items())
    )
    learnt = tuple(trace for trace in traces if parts[patient_of[trace.image_id]] == "pretrain")
    readings, _ = committed_readings(store.readings())
    lineage = Lineage(
        n_readings=len({trace.reading_id for trace in traces}),
        n_readers=len({trace.reader_id for trace in traces}),
        n_images=len(entries),
        n_samples_on_other_frames=gaze.n_on_other_frames,
        pixels="8 bit through the display pipeline at the default window of each file",
        split=f"by patient; evaluate: labelled ones without a reading, and others up to {evaluate_share:.0%}",
    )
    return _Plan(
        entries,
        named,
        learnt,
        tuple((pseudonyms.of("image", t.image_id), pseudonyms.of("reader", t.reader_id)) for t in learnt),
        lineage,
        any(reading.is_simulated for reading in readings),
    )


def _truth(store: Store, names: Collection[str]) -> dict[str, dict[str, str]]:
    """Imported labels of these names by image; those of the case count for its images, their own first."""
    by_subject: dict[str, dict[str, str]] = {}
    for label in store.catalogue.labels():
        if label.name in names:
            by_subject.setdefault(label.subject_id, {})[label.name] = label.value
    truth: dict[str, dict[str, str]] = {}
    for image in store.catalogue.images():
        if values := by_subject.get(image.case_id, {}) | by_subject.get(image.id, {}):
            truth[image.id] = values
    return truth


def _write(folder: Path, plan: _Plan, tell: Step) -> None:
    """The set but for its graph."""
    for done, entry in enumerate(plan.entries):
        tell(done / len(plan.entries), f"image {done + 1} of {len(plan.entries)}")
        image = plan.images[entry.id]
        Picture.fromarray(read_image(Path(image.path), image.opening_frame).display()).save(
            folder / entry.file
        )
    names = plan.trace_names
    traces = join_traces(plan.traces, [name for name, _ in names], [name for _, name in names])
    write_manifest(folder, plan.entries, traces, plan.lineage, gaze_is_simulated=plan.gaze_is_simulated)


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    store: Annotated[str, typer.Option("--store", metavar="URL_OR_DIR", help="The store.")],
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="The set's folder; must be new.")],
    recordings: Annotated[
        Path | None,
        typer.Option(
            "--recordings", metavar="DIR", help="With a database URL: the folder of the recordings."
        ),
    ] = None,
    scheme: Annotated[
        str, typer.Option(help=f"Of the relation graph: {', '.join(SCHEMES)}, or 0.7tima+0.3moments.")
    ] = "tima",
    profile: Annotated[str, typer.Option(help="corrected, or reference: as published.")] = "corrected",
    label: Annotated[
        list[str] | None,
        typer.Option(help="Imported label to take along; may be repeated. [default: pathology]"),
    ] = None,
    evaluate_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the patients kept for evaluation.")
    ] = EVALUATE_SHARE,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Make a pretraining set that is safe to send.

    Example: python -m learning.build --store ./store --out ./set
    """
    if "://" not in store and not (Path(store) / "catalogue.sqlite").is_file():
        raise UserError(f"{store} is no store: it has no catalogue.sqlite.")
    with open_store(store, recordings) as opened, progress_bar("Set") as progress:
        n_readings = build_set(
            opened,
            out,
            scheme=scheme,
            profile=profile,
            labels=label or (USUAL_LABEL,),
            evaluate_share=evaluate_share,
            progress=progress,
        )
        left_out = committed_readings(opened.readings())[1]
    told = {
        "set": str(out),
        "readings": n_readings,
        "left_out": len(left_out),
        "samples_on_other_frames": load_set(out).lineage.n_samples_on_other_frames,
    }
    if as_json:
        show_json(told)
    else:
        show([told], title="Pretraining set", as_json=False, empty="")


if __name__ == "__main__":
    run(app)
