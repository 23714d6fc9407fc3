"""Figures of the report as SVG text, drawn without a screen."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learning.files import EpochMetrics, Relation, Results

INK, GRID = "#1c2733", "#d9dfe5"
COLOURS = ("#7a8794", "#1f6fb2", "#c2571a", "#2f8f5b", "#8a4fa3", "#b8930b")
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gazeroom",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def arms_figure(results: Results, metric: str) -> str:
    """One metric of every arm and protocol, with intervals."""
    protocols = [score.protocol for score in results.arms[0].scores if score.metric == metric]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.2 + 0.28 * len(protocols) * len(results.arms)), layout="constrained")
        axes = figure.add_subplot()
        for number, arm in enumerate(results.arms):
            scores = [score for score in arm.scores if score.metric == metric]
            places = np.arange(len(protocols)) + (number - (len(results.arms) - 1) / 2) * 0.8 / len(
                results.arms
            )
            values = np.array([score.value for score in scores])
            reach = np.array([[s.value - s.low for s in scores], [s.high - s.value for s in scores]])
            axes.errorbar(
                values,
                places,
                xerr=np.maximum(reach, 0),
                fmt="o",
                color=_colour(number),
                capsize=3,
                label=arm.name,
            )
        axes.set_yticks(range(len(protocols)), protocols)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(f"{metric}, {results.level:.0%} interval")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return _svg(figure)


def curves_figure(metrics: Mapping[str, Sequence[EpochMetrics]]) -> str:
    """Loss, neighbours and spread of every arm, epoch by epoch."""
    panels = (
        ("loss", "Loss"),
        ("knn_auc", "kNN AUC, held-out patients"),
        ("embedding_spread", "Embedding spread"),
    )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.1), layout="constrained")
        for position, (name, title) in enumerate(panels, start=1):
            axes = figure.add_subplot(1, len(panels), position)
            for number, (arm, lines) in enumerate(metrics.items(), start=1):
                seen = [
                    (line.epoch + 1, getattr(line, name)) for line in lines if getattr(line, name) is not None
                ]
                axes.plot(*np.array(seen).reshape(-1, 2).T, color=_colour(number), marker=".", label=arm)
            axes.set_title(title, fontsize=11)
            axes.set_xlabel("Epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(3, max(len(labels), 1)))
        return _svg(figure)


def pairs_figure(relation: Relation, thresholds: Sequence[float]) -> str:
    """How alike the pairs of images were read, and what lay above the thresholds."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 2.6), layout="constrained")
        axes = figure.add_subplot()
        axes.hist(relation.values, bins=np.linspace(0, 1, 51).tolist(), color=COLOURS[1])
        for threshold in thresholds:
            rate = relation.rate_above(threshold)
            axes.axvline(threshold, color=COLOURS[2], linewidth=2)
            axes.annotate(
                f"{rate:.1%} of pairs above {threshold:.3f}",
                (threshold, 0.97),
                xycoords=("data", "axes fraction"),
                xytext=(-6 if threshold > 0.6 else 6, 0),
                textcoords="offset points",
                ha="right" if threshold > 0.6 else "left",
                va="top",
            )
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"Similarity of gaze, {relation.scheme.upper()}, {relation.profile} profile")
        axes.set_ylabel("Pairs of images")
        return _svg(figure)


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _svg(figure: Figure) -> str:
    """The figure as an element to stand in HTML: without XML declaration, scaled to its column."""
    buffer = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :].replace("<svg ", '<svg role="img" style="width:100%;height:auto" ', 1)
