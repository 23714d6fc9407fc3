"""`gazeroom import`: DICOM files into the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from acquisition.command_line import JsonOption, VerboseOption, progress_bar, say, show_json
from acquisition.interchange.grouping import CaseBy
from acquisition.interchange.importing import ImportReport, import_paths
from acquisition.store import open_store
from app.commands.options import DEFAULT_STORE, RecordingsOption, StoreOption

GROUPINGS: dict[str, CaseBy] = {"study": "study", "folder": "folder", "patient": "patient"}


def import_command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="DICOM files or folders of them.")],
    store: StoreOption = DEFAULT_STORE,
    recordings: RecordingsOption = None,
    case_by: Annotated[
        str, typer.Option("--case-by", metavar="study|folder|patient|CSV", help="What makes a case.")
    ] = "study",
    labels: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Known truth, a row an image or case.")
    ] = None,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Read DICOM files into the catalogue; the files stay where they are.

    Example: gazeroom import ~/films --case-by folder --labels truth.csv
    """
    with open_store(store, recordings) as opened, progress_bar("import") as step:
        report = import_paths(
            paths,
            opened.catalogue,
            case_by=GROUPINGS.get(case_by) or Path(case_by),
            labels=labels,
            progress=lambda done, total, name: step(done / max(total, 1), name),
        )
    if as_json:
        show_json(
            {
                "imported": report.imported,
                "already": report.already,
                "refused": [{"path": str(path), "reason": reason} for path, reason in report.refused],
                "cases": report.cases,
                "labels": report.labels,
            }
        )
    else:
        tell(report)
    if report.refused and not report.imported and not report.already:
        raise typer.Exit(1)


def tell(report: ImportReport) -> None:
    """The report in words, each refused file with its reason."""
    say(f"{report.imported} images imported in {report.cases} cases, {report.already} were already there.")
    if report.labels:
        say(f"{report.labels} labels taken in.")
    for path, reason in report.refused:
        say(f"  refused {path}: {reason}")
