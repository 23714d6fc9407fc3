"""The picture of a relation: how similar all pairs are, and where the graph was cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from learning.similarity.scores import N_BINS, Scores

BARS = 128


def save_histogram(path: Path, scores: Scores, scheme: str, floor: float) -> None:
    """Draw the share of pairs at each similarity as a PNG; a line marks the floor of the graph."""
    counts = scores.counts.reshape(BARS, N_BINS // BARS).sum(axis=1)
    figure = Figure(figsize=(8, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.bar((np.arange(BARS) + 0.5) / BARS, 100 * counts / max(counts.sum(), 1), 1 / BARS, color="#3b6ea5")
    if floor >= 0:
        axes.axvline(floor, color="#b5472f", linewidth=1.5, label=f"kept above {floor:.3f}")
        axes.legend(frameon=False)
    axes.set(xlabel=f"similarity by {scheme}", ylabel="pairs, %", xlim=(0, 1))
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
