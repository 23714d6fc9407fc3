"""Draws the pictures of docs/similarity.md and prints its tables: python docs/draw_similarity.py."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from learning.similarity import CORRECTED, SCHEMES, Profile, relation_matrix
from learning.similarity.dhash import BLUR_SD, N_COLUMNS, N_ROWS
from learning.similarity.dhash import features as dhash_bits
from learning.similarity.maps import cell_shares
from learning.similarity.multimatch import features as saccades_of
from learning.similarity.scores import rank_correlation
from learning.similarity.tima import clusters
from learning.similarity.trace import prepared, unit_axes

FloatArray = NDArray[np.float64]
CANVAS = (800.0, 1000.0)
OUT = Path(__file__).parent.parent / "assets" / "similarity"
COLOURS = ("#3b6ea5", "#b5472f", "#5a8f4e", "#8a5fa8", "#c28f2c", "#4e9a9a")


def reading(places: list[tuple[float, float, float]], seed: int, rate_hz: float = 120.0) -> FloatArray:
    """(n, 3) gaze that rests at each (x, y) for so many seconds, with drift and tremor."""
    rng = np.random.default_rng(seed)
    spots = [np.repeat([place[:2]], round(place[2] * rate_hz), axis=0) for place in places]
    xy = np.concatenate([spot + rng.normal(0, 12, 2) for spot in spots])
    drift = np.cumsum(rng.normal(0, 1.2, xy.shape), axis=0) * 0.5
    return np.column_stack([xy + drift + rng.normal(0, 3, xy.shape), np.arange(len(xy)) / rate_hz])


SEARCH = [
    (220, 200, 0.5),
    (420, 260, 0.4),
    (560, 420, 1.6),
    (540, 450, 1.2),
    (400, 640, 0.5),
    (300, 800, 0.9),
    (560, 430, 1.5),
]
READINGS = {
    "A: a search that finds": reading(SEARCH, 1),
    "B: the same by another reader": reading([(x + 15, y - 10, s * 1.15) for x, y, s in SEARCH], 2),
    "C: A backwards": np.column_stack([reading(SEARCH, 1)[::-1, :2], reading(SEARCH, 1)[:, 2]]),
    "D: a sweep without an end": reading([(150 + 500 * (k % 2), 120 + 85 * k, 0.6) for k in range(10)], 4),
}


def draw_readings() -> None:
    """What each scheme sees in four readings."""
    figure = Figure(figsize=(13, 13), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(READINGS), 5)
    titles = (
        "gaze",
        "TIMA: clusters in space and time",
        "MultiMatch: saccades, simplified",
        "moments: spread",
        "dHash: gaze falls to the right",
    )
    for row, (name, trace) in zip(axes, READINGS.items(), strict=True):
        kept = prepared(trace, CANVAS, CORRECTED)
        points = unit_axes(kept, CANVAS, CORRECTED)
        row[0].plot(trace[:, 0], trace[:, 1], color="#999999", linewidth=0.7)
        row[0].scatter(trace[::6, 0], trace[::6, 1], c=trace[::6, 2], s=5, cmap="viridis")
        row[0].set_ylabel(name, fontsize=11)
        _draw_clusters(row[1], kept, clusters(points))
        _draw_saccades(row[2], saccades_of(trace, CANVAS, CORRECTED))
        row[3].imshow(
            cell_shares(points[:, :2], BLUR_SD, 100, 80), extent=(0, CANVAS[0], CANVAS[1], 0), cmap="magma"
        )
        word = int(dhash_bits(trace, CANVAS, CORRECTED)[0, 0])
        bits = np.array([(word >> (63 - k)) & 1 for k in range(64)]).reshape(N_ROWS, N_COLUMNS - 1)
        row[4].imshow(bits, extent=(0, CANVAS[0], CANVAS[1], 0), cmap="Greys", vmin=0, vmax=1.4)
        for one, title in zip(row, titles, strict=True):
            one.set(xlim=(0, CANVAS[0]), ylim=(CANVAS[1], 0), xticks=[], yticks=[], aspect="equal")
            if row[0] is axes[0, 0]:
                one.set_title(title, fontsize=11)
    figure.savefig(OUT / "readings.png", dpi=80)


def _draw_clusters(axes, kept: FloatArray, labels: NDArray[np.int64]) -> None:  # type: ignore[no-untyped-def]
    axes.scatter(*kept[labels < 0, :2].T, s=3, color="#cccccc")
    for label in range(labels.max() + 1):
        own = kept[labels == label]
        axes.scatter(own[:, 0], own[:, 1], s=3, color=COLOURS[label % len(COLOURS)])
        spread = 4 * own[:, :2].std(axis=0) + 20
        axes.add_patch(
            Ellipse(own[:, :2].mean(axis=0), *spread, fill=False, color=COLOURS[label % len(COLOURS)])
        )
        words = f"cluster {label + 1}: {len(own) / len(kept):.0%} of the gaze"
        axes.text(20, 900 + 35 * label, words, fontsize=9, color=COLOURS[label % len(COLOURS)])


def _draw_saccades(axes, saccades: FloatArray) -> None:  # type: ignore[no-untyped-def]
    diagonal = float(np.hypot(*CANVAS))
    for number, (x, y, dx, dy, _, _, seconds) in enumerate(saccades):
        axes.annotate(
            "",
            ((x + dx) * diagonal, (y + dy) * diagonal),
            (x * diagonal, y * diagonal),
            arrowprops={"arrowstyle": "->", "color": "#3b6ea5"},
        )
        axes.scatter(x * diagonal, y * diagonal, s=40 * seconds, color="#b5472f", alpha=0.6)
        axes.annotate(str(number + 1), (x * diagonal, y * diagonal), fontsize=8)


def draw_relations() -> None:
    """How alike they are by each scheme."""
    figure = Figure(figsize=(13, 2.6), layout="constrained")
    FigureCanvasAgg(figure)
    letters = [name[0] for name in READINGS]
    for axes, scheme in zip(figure.subplots(1, len(SCHEMES)), SCHEMES, strict=True):
        relation = relation_matrix(list(READINGS.values()), scheme, canvas=CANVAS)
        axes.imshow(relation, vmin=0, vmax=1, cmap="Blues")
        for (i, j), value in np.ndenumerate(relation):
            axes.text(
                j,
                i,
                f"{value:.2f}",
                ha="center",
                va="center",
                color="white" if value > 0.6 else "black",
                fontsize=9,
            )
        axes.set(xticks=range(4), yticks=range(4), xticklabels=letters, yticklabels=letters, title=scheme)
    figure.savefig(OUT / "relations.png", dpi=80)


def many(n: int = 60) -> list[FloatArray]:
    """Readings that share places in part, as those of like cases do, at several rates."""
    rng = np.random.default_rng(5)
    homes = rng.uniform((120, 120), (680, 880), (8, 2))
    traces = []
    for k in range(n):
        places = [(*homes[h], rng.uniform(0.2, 1.5)) for h in rng.choice(8, rng.integers(4, 10))]
        traces.append(reading(places, k, float(rng.choice([60, 120, 250]))))
    return traces


def tell_corrections() -> None:
    """What turning off one correction changes."""
    traces, upper = many(), np.triu_indices(60, 1)
    sys.stdout.write("| correction turned off | " + " | ".join(SCHEMES) + " |\n")
    sys.stdout.write("|---|" + "---|" * len(SCHEMES) + "\n")
    whole = {scheme: relation_matrix(traces, scheme, canvas=CANVAS)[upper] for scheme in SCHEMES}
    switches = [field.name for field in fields(Profile) if field.type == "bool"]
    for switch in switches:
        turned = replace(CORRECTED, name=switch, **{switch: False})
        cells = []
        for scheme in SCHEMES:
            values = relation_matrix(traces, scheme, canvas=CANVAS, profile=turned)[upper]
            change = np.abs(values - whole[scheme]).mean()
            rank = rank_correlation(values.astype(np.float32), whole[scheme].astype(np.float32))
            cells.append("–" if change < 1e-12 else f"{change:.3f} ({rank:.2f})")
        sys.stdout.write(f"| `{switch}` | " + " | ".join(cells) + " |\n")


def main() -> None:
    """Pictures and tables."""
    OUT.mkdir(parents=True, exist_ok=True)
    draw_readings()
    draw_relations()
    tell_corrections()


if __name__ == "__main__":
    main()
