"""The pages of an evaluation: HTML files that need nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from learning.config import load_config
from learning.files import Results, load_metrics, load_relation, load_run, load_set
from learning.report.comparison import write_comparison
from learning.report.figures import arms_figure, curves_figure, pairs_figure
from learning.report.page import metrics_of, page, protocols_of
from learning.storage import write_text

__all__ = ["write_comparison", "write_report"]


def write_report(path: Path, results: Results, runs: Mapping[str, Sequence[Path]], set_folder: Path) -> None:
    """Write `report.html`.

    Args:
        path: the file.
        results: what was found.
        runs: folders of each arm that was trained, by the arm's name.
        set_folder: the set, for its relation graph.
    """
    first = results.arms[0].scores[0].metric
    folders = [folder for of_arm in runs.values() for folder in of_arm]
    html = page(
        "report.html.j2",
        results=results,
        n_encoders=_n_encoders(results, len(folders)),
        first=first,
        protocols=protocols_of(results),
        metrics=metrics_of(results),
        matched=[difference for difference in results.differences if difference.is_matched],
        unmatched=[difference for difference in results.differences if not difference.is_matched],
        settings={name: load_config(of_arm[0]) for name, of_arm in runs.items()},
        records={name: load_run(of_arm[0]) for name, of_arm in runs.items()},
        figures={
            "arms": Markup(arms_figure(results, first)),
            "curves": _curves(results, runs),
            "pairs": _pairs(folders, set_folder),
        },
    )
    write_text(path, html)


def _n_encoders(results: Results, n_trained: int) -> str:
    """How many were trained, or else how many there are."""
    n = n_trained or len(results.arms)
    return "one encoder" if n == 1 else f"{n} encoders"


def _curves(results: Results, runs: Mapping[str, Sequence[Path]]) -> Markup:
    if not runs:
        return Markup()
    metrics = {name: [load_metrics(folder) for folder in of_arm] for name, of_arm in runs.items()}
    return Markup(curves_figure([arm.name for arm in results.arms], metrics))


def _pairs(folders: Sequence[Path], set_folder: Path) -> list[tuple[str, Markup]]:
    """The histogram of every graph that an arm used, with the thresholds of the arms."""
    manifest = load_set(set_folder, verify=False)
    records = [load_run(folder) for folder in folders]
    figures = []
    for scheme, file in sorted(manifest.relations.items()):
        thresholds = {
            record.threshold
            for record in records
            if record.scheme == scheme
            and record.set_sha256 == manifest.learnt_sha256
            and record.graph_sha256 == manifest.graph_sha256(scheme)
            and record.threshold is not None
        }
        if thresholds:
            figures.append(
                (scheme, Markup(pairs_figure(load_relation(set_folder / file), sorted(thresholds))))
            )
    return figures
