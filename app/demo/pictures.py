"""The pictures of the demo's report: gaze over an image, and images that were read alike."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from acquisition.domain import Fixation
from learning.files import EpochMetrics

HEAT_GRID_PX = 256
INK, MUTED, GAZE = "#1c2226", "#5c6970", "#4cc2c4"
LINES = ("#5c6970", "#0e8a8c", "#c2662d", "#6a51a3", "#2b7bba")


@dataclass(frozen=True)
class ReadImage:
    """An image as it was shown (uint8, H x W), the gaze on it (n x 3: x_px, y_px, t_s) and its caption."""

    display: NDArray[np.uint8]
    gaze: NDArray[np.float64]
    caption: str


def as_data_url(figure: Figure) -> str:
    """The figure as a PNG that a page can hold."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=144, facecolor="white")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")


def heat_map(
    gaze: NDArray[np.float64], width_px: int, height_px: int, sigma_px: float
) -> NDArray[np.float64]:
    """Dwell time per place, blurred by `sigma_px` image pixels, 0 to 1; at most 256 cells a side."""
    scale = HEAT_GRID_PX / max(width_px, height_px)
    rows, columns = max(round(height_px * scale), 1), max(round(width_px * scale), 1)
    counts, _, _ = np.histogram2d(
        gaze[:, 1], gaze[:, 0], bins=(rows, columns), range=((0, height_px), (0, width_px))
    )
    heat: NDArray[np.float64] = gaussian_filter(counts, sigma_px * scale)
    return heat / heat.max() if heat.max() > 0 else heat


def gaze_over_image(image: ReadImage, fixations: Sequence[Fixation], sigma_px: float) -> Figure:
    """Three panes side by side: the image, the heat map over it, the scanpath over it."""
    height_px, width_px = image.display.shape
    figure = Figure(figsize=(10.5, 10.5 / 3 * min(height_px / width_px, 1.6) + 0.4), layout="constrained")
    panes: NDArray[np.object_] = np.asarray(figure.subplots(1, 3))
    for pane, title in zip(panes, ("as shown", "gaze heat map", "scanpath"), strict=True):
        show_image(pane, image.display, title)
    heat = heat_map(image.gaze, width_px, height_px, sigma_px)
    panes[1].imshow(
        heat,
        extent=(0, width_px, height_px, 0),
        cmap="inferno",
        alpha=np.clip(heat * 1.6, 0, 0.75),
        vmin=0,
        vmax=1,
    )
    draw_scanpath(panes[2], fixations, numbers=True)
    figure.suptitle(image.caption, x=0.01, ha="left", color=INK, fontsize=10)
    return figure


def neighbours(rows: Sequence[Sequence[ReadImage]]) -> Figure:
    """A row a query: the image, then the images whose gaze is most like its gaze."""
    n_columns = max(len(row) for row in rows)
    figure = Figure(figsize=(1.9 * n_columns, 2.2 * len(rows)), layout="constrained")
    panes = np.asarray(figure.subplots(len(rows), n_columns, squeeze=False))
    for pane in panes.flat:
        pane.set_axis_off()
    for pane_row, row in zip(panes, rows, strict=True):
        for pane, image in zip(pane_row, row, strict=False):
            show_image(pane, image.display, image.caption, fontsize=7.5)
            pane.plot(image.gaze[:, 0], image.gaze[:, 1], color=GAZE, linewidth=0.6, alpha=0.9)
    return figure


def show_image(pane: Axes, display: NDArray[np.uint8], title: str, fontsize: float = 9) -> None:
    """An image without axes, its pixels in image px, thinned to what a report can show."""
    height_px, width_px = display.shape
    step = max(1, max(height_px, width_px) // 900)
    pane.imshow(display[::step, ::step], cmap="gray", vmin=0, vmax=255, extent=(0, width_px, height_px, 0))
    pane.set_xlim(0, width_px)
    pane.set_ylim(height_px, 0)
    pane.set_title(title, color=MUTED, fontsize=fontsize)
    pane.set_axis_off()


def draw_scanpath(pane: Axes, fixations: Sequence[Fixation], *, numbers: bool) -> None:
    """Fixations as discs whose area is their duration, joined in order; x and y in image px."""
    if not fixations:
        return
    points = np.array([(fixation.x, fixation.y) for fixation in fixations])
    seconds = np.array([(fixation.end_ns - fixation.start_ns) / 1e9 for fixation in fixations])
    pane.add_collection(LineCollection([points], colors=GAZE, linewidths=0.8))
    disc = 30 + 220 * seconds
    pane.scatter(points[:, 0], points[:, 1], disc, facecolors=GAZE + "55", edgecolors=GAZE, linewidths=0.8)
    if numbers:
        for number, (x, y) in enumerate(points, start=1):
            pane.annotate(str(number), (x, y), color="white", fontsize=6, ha="center", va="center")


def curves(metrics_by_run: Mapping[str, Sequence[EpochMetrics]]) -> Figure:
    """Loss, held-out kNN and pairs per anchor of every run over its epochs."""
    figure = Figure(figsize=(10.5, 3.0), layout="constrained")
    panes = np.asarray(figure.subplots(1, 3))
    for (name, metrics), colour in zip(metrics_by_run.items(), cycle(LINES), strict=False):
        epochs = [line.epoch for line in metrics]
        panes[0].plot(epochs, [line.loss for line in metrics], color=colour, label=name)
        judged = [line for line in metrics if line.knn_auc is not None]
        panes[1].plot([line.epoch for line in judged], [line.knn_auc for line in judged], color=colour)
        panes[2].plot(epochs, [line.pairs_per_anchor for line in metrics], color=colour)
    for pane, title in zip(
        panes, ("loss", "kNN, macro AUC, held-out patients", "pairs per anchor"), strict=True
    ):
        pane.set_title(title, color=INK, fontsize=9)
        pane.set_xlabel("epoch", color=MUTED, fontsize=8)
        pane.tick_params(colors=MUTED, labelsize=8)
        pane.spines[["top", "right"]].set_visible(False)
    panes[0].legend(frameon=False, fontsize=8)
    return figure
