"""The report of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from learning.config import load_config
from learning.files import ArmResult, Results, Score, load_metrics, load_relation, load_run, load_set
from learning.report.figures import arms_figure, curves_figure, pairs_figure
from learning.storage import write_text


def write_report(path: Path, results: Results, runs: Mapping[str, Path], set_folder: Path) -> None:
    """Write `report.html`.

    Args:
        path: the file.
        results: what was found.
        runs: folder of each arm that was trained, by the arm's name.
        set_folder: the set, for its relation graph.
    """
    environment = Environment(
        loader=PackageLoader("learning.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters.update(figure=_figure, interval=_interval, signed=_signed)
    first = results.arms[0].scores[0].metric
    html = environment.get_template("report.html.j2").render(
        results=results,
        n_encoders="one encoder" if len(runs) == 1 else f"{len(runs)} encoders",
        first=first,
        protocols=[score.protocol for score in results.arms[0].scores if score.metric == first],
        metrics=list(dict.fromkeys(score.metric for score in results.arms[0].scores)),
        score=_score,
        settings={name: load_config(folder) for name, folder in runs.items()},
        records={name: load_run(folder) for name, folder in runs.items()},
        figures={
            "arms": Markup(arms_figure(results, first)),
            "curves": Markup(curves_figure({name: load_metrics(folder) for name, folder in runs.items()})),
            "pairs": _pairs(runs, set_folder),
        },
    )
    write_text(path, html)


def _pairs(runs: Mapping[str, Path], set_folder: Path) -> list[tuple[str, Markup]]:
    """The histogram of every graph that an arm used, with the thresholds of the arms."""
    manifest = load_set(set_folder, verify=False)
    records = [load_run(folder) for folder in runs.values()]
    figures = []
    for scheme, file in sorted(manifest.relations.items()):
        thresholds = {r.threshold for r in records if r.scheme == scheme and r.threshold is not None}
        if thresholds:
            figures.append(
                (scheme, Markup(pairs_figure(load_relation(set_folder / file), sorted(thresholds))))
            )
    return figures


def _score(scores: ArmResult, protocol: str, metric: str) -> Score:
    return next(score for score in scores.scores if (score.protocol, score.metric) == (protocol, metric))


def _figure(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _interval(score: Score) -> str:
    return f"[{score.low:.3f}, {score.high:.3f}]"


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
