"""`python -m learning.graph SET_OR_STORE --scheme tima`: gaze becomes a relation graph of images."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from acquisition.command_line import JsonOption, Step, VerboseOption, progress_bar, run, show, show_json
from acquisition.errors import UserError
from acquisition.gate import committed_readings
from acquisition.store import Store, open_store
from acquisition.traces import Trace, traces_of_readings
from learning.files import (
    MANIFEST,
    TRACES,
    Relation,
    SetManifest,
    Traces,
    load_set,
    load_traces,
    save_relation,
    save_set,
)
from learning.relating import HERE, Recipe, compare_recipes, describe, relate
from learning.similarity import SCHEMES
from learning.similarity.edges import Edges
from learning.similarity.picture import save_histogram
from learning.similarity.scores import Scores, extremes, score_histogram
from learning.similarity.spread import Spread
from learning.storage import file_hash

__all__ = [
    "Recipe",
    "app",
    "committed_gaze",
    "join_traces",
    "relate",
    "relate_set",
    "relate_store",
    "store_traces",
]


class StoreGaze(NamedTuple):
    """The gaze of a store that may be learnt from."""

    traces: list[Trace]
    n_on_other_frames: int
    """Samples left out: they fell on frames of a stack that are not its picture."""


def committed_gaze(store: Store, progress: Step | None = None) -> StoreGaze:
    """The gaze of all committed readings on their images, without those that must be read again.

    Of a stack counts what fell on its opening frame: that is the picture in a set.

    Raises `StoreError` where a recording is missing or damaged.
    """
    usable, _ = committed_readings(store.readings())
    by_reading: dict[str, list[Trace]] = {}
    for reading, traces in traces_of_readings(store, usable):
        by_reading[reading.id] = traces
        if progress:
            progress(len(by_reading) / len(usable), f"gaze of reading {len(by_reading)} of {len(usable)}")
    traces = [trace for reading in usable for trace in by_reading[reading.id]]
    frame_of = {image.id: image.opening_frame for image in store.catalogue.images()}
    on_pictures = [trace.on_frame(frame_of[trace.image_id]) for trace in traces]
    n_before, n_after = (sum(len(trace.samples) for trace in each) for each in (traces, on_pictures))
    return StoreGaze([trace for trace in on_pictures if len(trace.samples)], n_before - n_after)


def join_traces(traces: Sequence[Trace], image_ids: Sequence[str], reader_ids: Sequence[str]) -> Traces:
    """Traces of a store under the names given, one each."""
    return Traces(
        samples=np.concatenate([trace.samples for trace in traces]) if traces else np.empty((0, 3)),
        offsets=np.append(0, np.cumsum([len(trace.samples) for trace in traces])).astype(np.int64),
        image_ids=np.array(image_ids, np.str_),
        reader_ids=np.array(reader_ids, np.str_),
        canvas_px=np.array([trace.canvas for trace in traces], np.float64).reshape(-1, 2),
    )


def relate_set(folder: Path, recipe: Recipe, progress: Step | None = None, spread: Spread = HERE) -> Relation:
    """Add (or replace) a relation graph in a set, from the traces that it holds."""
    manifest = load_set(folder)
    _check_order(folder, manifest, recipe)
    name = f"relations/{recipe.scheme}.npz"
    relation = _relate_into(folder / name, load_traces(folder / TRACES), recipe, progress, spread)
    files = manifest.files | {name: file_hash(folder / name)}
    relations = manifest.relations | {recipe.scheme: name}
    save_set(folder, manifest.model_copy(update={"files": files, "relations": relations}))
    return relation


def _check_order(folder: Path, manifest: SetManifest, recipe: Recipe) -> None:
    """Raise `UserError` where a scheme asks when gaze was where, and the set does not know."""
    without = [name for name, scheme in SCHEMES.items() if not scheme.needs_order]
    if not manifest.gaze_is_ordered and (asking := set(recipe.schemes) - set(without)):
        raise UserError(
            f"The gaze of {folder} came as heat maps, which have no order; {min(asking)} needs one: choose "
            f"{', '.join(without)}."
        )


def relate_store(
    store: Store, out: Path, recipe: Recipe, progress: Step | None = None, spread: Spread = HERE
) -> Relation:
    """Write the graph of a store's committed readings. It names the store's images: not for sending."""
    return _relate_into(out, store_traces(store, progress), recipe, progress, spread)


def store_traces(store: Store, progress: Step | None = None) -> Traces:
    """All gaze of a store that a graph may use. Raises `UserError` where there is none."""
    found = committed_gaze(store, progress).traces
    if not found:
        raise UserError("The store holds no committed reading with gaze on an image; read a case first.")
    return join_traces(found, [trace.image_id for trace in found], [trace.reader_id for trace in found])


def _relate_into(
    out: Path, traces: Traces, recipe: Recipe, progress: Step | None, spread: Spread
) -> Relation:
    """Write a graph; what is finished lies beside it until the graph is whole."""
    keep = out.with_name(f".{out.name}.parts")
    relation = relate(traces, recipe, progress, spread, keep)
    save_relation(out, relation)
    shutil.rmtree(keep, ignore_errors=True)
    return relation


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    source: Annotated[
        str | None, typer.Argument(metavar="[SET_OR_STORE]", help="A set, or the folder of a store.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", metavar="URL_OR_DIR", help="A store.")] = None,
    recordings: Annotated[
        Path | None,
        typer.Option(
            "--recordings", metavar="DIR", help="With a database URL: the folder of the recordings."
        ),
    ] = None,
    scheme: Annotated[str, typer.Option(help=f"{', '.join(SCHEMES)}, or 0.7tima+0.3moments.")] = "tima",
    profile: Annotated[str, typer.Option(help="corrected, or reference: as published.")] = "corrected",
    threshold: Annotated[
        float | None, typer.Option(help="Drop pairs at or below it; all are kept without.")
    ] = None,
    top_k: Annotated[
        int | None, typer.Option("--top-k", min=1, help="Keep the k strongest pairs of each image.")
    ] = None,
    keep: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Instead of a threshold: strongest share of pairs.")
    ] = None,
    positives: Annotated[
        float | None, typer.Option(metavar="N", help="Instead of a threshold: pairs an image, on average.")
    ] = None,
    collapse: Annotated[
        str, typer.Option(help="Several readings of an image: mean, max or same-reader.")
    ] = "mean",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="The graph of a store: an .npz file. [default: SCHEME.npz in the working folder]",
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw how similar all pairs are.")
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="SCHEME[:PROFILE]", help="Write nothing; tell how far another scheme agrees."),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes; with 1, threads of this one.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler that has the work done.")
    ] = None,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Make the relation graph of a set (kept in it) or of a store; one that was broken off goes on.

    Example: python -m learning.graph ./set --scheme tima
    """
    place = store or source
    if place is None:
        raise UserError("Say whose gaze: give a set, a store's folder, or --store URL_OR_DIR.")
    recipe = Recipe(scheme, profile, threshold, top_k, keep, positives, collapse)
    of_set = store is None and (Path(place) / MANIFEST).is_file()
    with progress_bar("Graph") as progress:
        traces = _traces(place, recordings, of_set, progress)
        if compare is not None:
            told = compare_recipes(traces, recipe, _other(recipe, compare))
            show(told, title=f"{scheme} beside {compare}", as_json=as_json, empty="")
            return
        if of_set:
            written = Path(place) / "relations" / f"{scheme}.npz"
            relation = relate_set(Path(place), recipe, progress, Spread(processes, cluster))
        else:
            written = _as_npz(out or Path(scheme))
            relation = _relate_into(written, traces, recipe, progress, Spread(processes, cluster))
        if picture is not None:
            save_histogram(picture, _scores(traces, recipe), scheme, relation.floor)
    _tell(relation, written, as_json)


def _traces(place: str, recordings: Path | None, of_set: bool, progress: Step) -> Traces:
    if of_set:
        return load_traces(Path(place) / TRACES)
    _check_store(place)
    with open_store(place, recordings) as opened:
        return store_traces(opened, progress)


def _scores(traces: Traces, recipe: Recipe) -> Scores:
    return score_histogram(describe(traces, recipe)[0])


def _other(recipe: Recipe, named: str) -> Recipe:
    scheme, _, profile = named.partition(":")
    return replace(recipe, scheme=scheme or recipe.scheme, profile=profile or recipe.profile)


def _as_npz(out: Path) -> Path:
    return out if out.suffix == ".npz" else out.with_name(f"{out.name}.npz")


def _tell(relation: Relation, written: Path, as_json: bool) -> None:
    told = {
        "graph": str(written),
        "images": len(relation.ids),
        "edges": len(relation.values),
        "floor": relation.floor,
    }
    rates = [
        {"threshold": t, "pair_rate": round(relation.rate_above(t), 5)}
        for t in (0.7, 0.8, 0.9, 0.95)
        if t >= relation.floor
    ]
    strongest = extremes(Edges(relation.rows, relation.columns, relation.values), relation.ids.tolist())
    if as_json:
        show_json(told | {"pair_rates": rates, "extremes": strongest})
    else:
        show([told], title="Relation graph", as_json=False, empty="")
        show(rates, title="Pairs above a threshold", as_json=False, empty="No threshold above the floor.")
        show(strongest, title="Strongest and weakest pairs kept", as_json=False, empty="No pair was kept.")


def _check_store(place: str) -> None:
    """Opening a store makes one where there is none; a graph needs one that is there."""
    if "://" not in place and not (Path(place) / "catalogue.sqlite").is_file():
        raise UserError(f"{place} is neither a set (no {MANIFEST}) nor a store (no catalogue.sqlite).")


if __name__ == "__main__":
    run(app)
