"""`python -m learning.graph SET_OR_STORE --scheme tima`: gaze becomes a relation graph of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from acquisition.command_line import JsonOption, Step, VerboseOption, progress_bar, run, show, show_json
from acquisition.errors import UserError
from acquisition.gate import committed_readings
from acquisition.store import Store, open_store
from acquisition.traces import Trace, reading_traces
from learning.files import (
    MANIFEST,
    TRACES,
    Relation,
    Traces,
    load_set,
    load_traces,
    save_relation,
    save_set,
)
from learning.similarity import describe_traces, find_profile, graph_of_features
from learning.storage import file_hash

COLLAPSES = ("mean", "max")


@dataclass(frozen=True)
class Recipe:
    """How a relation graph is made."""

    scheme: str = "tima"
    profile: str = "corrected"
    threshold: float | None = None
    """Pairs of images at or below it are dropped; None keeps all."""
    collapse: str = "mean"
    """An image that was read more than once takes part with all its traces: the similarity of two images is
    the `mean` or the `max` over all pairs of their traces."""


def relate(traces: Traces, recipe: Recipe, progress: Step | None = None) -> Relation:
    """The relation of all images that have gaze: traces are compared first, then collapsed to images."""
    scheme, collapse, threshold = recipe.scheme, recipe.collapse, recipe.threshold
    if collapse not in COLLAPSES:
        raise UserError(
            f"There is no rule '{collapse}' for several readings; choose {' or '.join(COLLAPSES)}."
        )
    if progress:
        progress(0.0, f"features of {len(traces)} traces")
    chosen = find_profile(recipe.profile)
    features = describe_traces(traces.split(), scheme, canvas=traces.canvas_px, profile=chosen)
    if progress:
        progress(0.7, f"{len(traces) * (len(traces) - 1) // 2} pairs")
    ids, image = np.unique(traces.image_ids, return_inverse=True)
    is_read_once = len(ids) == len(traces)
    graph = graph_of_features(features, scheme, profile=chosen, threshold=threshold if is_read_once else None)
    edges = graph.tocoo()
    rows, columns, values = _collapsed(image[edges.row], image[edges.col], edges.data, len(ids), collapse)
    if threshold is not None:
        strong = values > np.float32(threshold)
        rows, columns, values = rows[strong], columns[strong], values[strong]
    if progress:
        progress(1.0, f"{len(values)} edges")
    return Relation(
        ids=ids,
        rows=rows,
        columns=columns,
        values=values,
        scheme=scheme,
        profile=chosen.name,
        parameters=chosen.parameters(),
        collapse=collapse,
        floor=-1.0 if threshold is None else threshold,
    )


def _collapsed(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    values: NDArray[np.float32],
    n_images: int,
    collapse: str,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Edges between traces, named by their images, as one edge per unordered pair of images."""
    apart = rows < columns
    key, pair = np.unique(rows[apart] * n_images + columns[apart], return_inverse=True)
    if collapse == "max":
        collapsed = np.zeros(len(key), np.float32)
        np.maximum.at(collapsed, pair, values[apart])
    else:
        sums = np.bincount(pair, weights=values[apart], minlength=len(key))
        collapsed = (sums / np.maximum(np.bincount(pair, minlength=len(key)), 1)).astype(np.float32)
    return (key // max(n_images, 1)).astype(np.int32), (key % max(n_images, 1)).astype(np.int32), collapsed


def committed_traces(store: Store, progress: Step | None = None) -> list[Trace]:
    """The gaze of all committed readings on their images, without those that must be read again.

    Raises `StoreError` where a recording is missing or damaged.
    """
    usable, _ = committed_readings(store.readings())
    traces = []
    for done, reading in enumerate(usable):
        if progress:
            progress(done / len(usable), f"gaze of reading {done + 1} of {len(usable)}")
        traces += reading_traces(store, reading.id)
    return traces


def join_traces(traces: Sequence[Trace], image_ids: Sequence[str], reader_ids: Sequence[str]) -> Traces:
    """Traces of a store under the names given, one each."""
    return Traces(
        samples=np.concatenate([trace.samples for trace in traces]) if traces else np.empty((0, 3)),
        offsets=np.append(0, np.cumsum([len(trace.samples) for trace in traces])).astype(np.int64),
        image_ids=np.array(image_ids, np.str_),
        reader_ids=np.array(reader_ids, np.str_),
        canvas_px=np.array([trace.canvas for trace in traces], np.float64).reshape(-1, 2),
    )


def relate_set(folder: Path, recipe: Recipe, progress: Step | None = None) -> Relation:
    """Add (or replace) a relation graph in a set, from the traces that it holds."""
    manifest = load_set(folder)
    relation = relate(load_traces(folder / TRACES), recipe, progress)
    name = f"relations/{recipe.scheme}.npz"
    save_relation(folder / name, relation)
    files = manifest.files | {name: file_hash(folder / name)}
    relations = manifest.relations | {recipe.scheme: name}
    save_set(folder, manifest.model_copy(update={"files": files, "relations": relations}))
    return relation


def relate_store(store: Store, out: Path, recipe: Recipe, progress: Step | None = None) -> Relation:
    """Write the graph of a store's committed readings. It names the store's images: not for sending."""
    found = committed_traces(store, progress)
    if not found:
        raise UserError("The store holds no committed reading with gaze on an image; read a case first.")
    traces = join_traces(found, [trace.image_id for trace in found], [trace.reader_id for trace in found])
    relation = relate(traces, recipe, progress)
    save_relation(out, relation)
    return relation


app = typer.Typer(add_completion=False)


@app.command()
def main(
    source: Annotated[
        str | None, typer.Argument(metavar="[SET_OR_STORE]", help="A set, or the folder of a store.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", metavar="URL_OR_DIR", help="A store.")] = None,
    recordings: Annotated[Path | None, typer.Option("--recordings", metavar="DIR")] = None,
    scheme: Annotated[str, typer.Option(help="tima")] = "tima",
    profile: Annotated[str, typer.Option(help="corrected, or reference: as published.")] = "corrected",
    threshold: Annotated[
        float | None, typer.Option(help="Drop pairs at or below it; all are kept without.")
    ] = None,
    collapse: Annotated[str, typer.Option(help="Several readings of an image: mean or max.")] = "mean",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="The graph of a store: an .npz file.")
    ] = None,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Make the relation graph of a set (kept in it) or of a store.

    Example: python -m learning.graph ./set --scheme tima
    """
    place = store or source
    if place is None:
        raise UserError("Say whose gaze: give a set, a store's folder, or --store URL_OR_DIR.")
    recipe = Recipe(scheme, profile, threshold, collapse)
    with progress_bar("Graph") as progress:
        if store is None and (Path(place) / MANIFEST).is_file():
            relation = relate_set(Path(place), recipe, progress)
            written = Path(place) / "relations" / f"{scheme}.npz"
        else:
            _check_store(place)
            written = out or Path(f"{scheme}.npz")
            with open_store(place, recordings) as opened:
                relation = relate_store(opened, written, recipe, progress)
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
    if as_json:
        show_json(told | {"pair_rates": rates})
    else:
        show([told], title="Relation graph", as_json=False, empty="")
        show(rates, title="Pairs above a threshold", as_json=False, empty="No threshold above the floor.")


def _check_store(place: str) -> None:
    """Opening a store makes one where there is none; a graph needs one that is there."""
    if "://" not in place and not (Path(place) / "catalogue.sqlite").is_file():
        raise UserError(f"{place} is neither a set (no {MANIFEST}) nor a store (no catalogue.sqlite).")


if __name__ == "__main__":
    run(app)
