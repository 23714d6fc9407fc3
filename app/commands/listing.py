"""`gazeroom readings` and `gazeroom export`: what a store holds, and out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from acquisition.assisted import FOREVER_NS
from acquisition.command_line import JsonOption, VerboseOption, complain, say, show, show_json
from acquisition.domain import Reading, Session
from acquisition.errors import StoreError, UserError
from acquisition.gate import verdict
from acquisition.interchange.parquet import export_parquet
from acquisition.interchange.shown import export_shown
from acquisition.ledger import by_cause, ledger_of, longest_gap_s
from acquisition.store import Store, open_store
from app.commands.options import DEFAULT_STORE, RecordingsOption, StoreOption

SESSION_COLUMNS = ("id", "reader", "source", "samples", "gaps", "state")
READING_COLUMNS = ("id", "case", "samples", "loss", "gaps", "state", "verdict")
"""What a table of 80 letters has room for; --json has everything."""


def readings_command(
    store: StoreOption = DEFAULT_STORE,
    recordings: RecordingsOption = None,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """List sessions and readings with samples, loss, gaps and seal.

    Example: gazeroom readings --store ./store --json
    """
    with open_store(store, recordings) as opened:
        sessions = [_session_row(opened, session) for session in opened.sessions()]
        titles = {case.id: case.title for case in opened.catalogue.cases()}
        readings = [_reading_row(opened, reading, titles) for reading in opened.readings()]
        problems = opened.problems()
    if as_json:
        show_json({"sessions": sessions, "readings": readings, "problems": problems})
        return
    _show(sessions, SESSION_COLUMNS, "Sessions", "No sessions yet: start with `gazeroom read`.")
    _show(readings, READING_COLUMNS, "Readings", "No readings yet: read a case with `gazeroom read`.")
    for problem in problems:
        complain(problem)


def _show(rows: list[dict[str, Any]], columns: tuple[str, ...], title: str, empty: str) -> None:
    show([{name: row[name] for name in columns} for row in rows], title=title, as_json=False, empty=empty)


def _session_row(store: Store, session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "reader": session.reader_pseudonym,
        "source": session.source_name,
        "simulated": session.is_simulated,
        "opened_utc": session.opened_utc,
        "samples": session.n_samples,
        **_gap_columns(store, session.id),
        "state": str(session.state),
        "sha256": session.sha256,
    }


def _reading_row(store: Store, reading: Reading, titles: dict[str, str]) -> dict[str, Any]:
    return {
        "id": reading.id,
        "session": reading.session_id,
        "case": titles.get(reading.case_id, "lost"),
        "simulated": reading.is_simulated,
        "samples": reading.n_samples,
        "loss": None if reading.loss is None else round(reading.loss, 4),
        "verdict": str(verdict(reading.loss, reading.longest_gap_s).grade),
        **_gap_columns(store, reading.id, reading.opened_host_time_ns, reading.closed_host_time_ns),
        "longest_gap_s": None if reading.longest_gap_s is None else round(reading.longest_gap_s, 3),
        "gaze_assisted_s": _assisted_s(store, reading),
        "state": str(reading.state),
    }


def _assisted_s(store: Store, reading: Reading) -> float | None:
    """How long gaze came after a mark by gaze; None where that is not known, or not over."""
    try:
        stretches = store.assisted(reading.id)
    except StoreError:
        return None
    is_over = all(one.end_ns != FOREVER_NS for one in stretches)
    return round(sum(one.end_ns - one.start_ns for one in stretches) * 1e-9, 3) if is_over else None


def _gap_columns(
    store: Store, session_or_reading_id: str, start_ns: int = 0, end_ns: int | None = None
) -> dict[str, Any]:
    """How many gaps, how many and how long by cause, and the longest in which gaze was lost.

    None where the recording cannot be read, of which `Store.problems` tells.
    """
    until_ns = FOREVER_NS if end_ns is None else end_ns
    try:
        gaps = [
            replace(gap, start_ns=max(gap.start_ns, start_ns), end_ns=min(gap.end_ns, until_ns))
            for gap in store.gaps(session_or_reading_id)
        ]
    except StoreError:
        return {"gaps": None, "gaps_by_cause": None, "longest_gap_s": None}
    return {
        "gaps": len(gaps),
        "gaps_by_cause": by_cause(ledger_of(gaps)),
        "longest_gap_s": round(longest_gap_s(gaps, start_ns, until_ns), 3),
    }


def export_command(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")],
    store: StoreOption = DEFAULT_STORE,
    recordings: RecordingsOption = None,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="parquet")] = "parquet",
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Write the gaze of every session into files, and beside them which image was where on the screen.

    The table, shown.csv, calls images as their files are called.

    Example: gazeroom export --store ./store --to parquet --out ./gaze
    """
    if to != "parquet":
        raise UserError(f"--to {to}: gaze is exported to parquet.")
    with open_store(store, recordings) as opened:
        paths = export_parquet(opened, out)
        shown = export_shown(opened, out)
    if as_json:
        show_json({"files": [str(path) for path in paths], "shown": str(shown)})
        return
    for path in (*paths, shown):
        say(f"wrote {path}")
    if not paths:
        say("The store holds no sessions yet: nothing to export.")
