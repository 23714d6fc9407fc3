"""`gazeroom worklist`: in which order and how often readers read, and how far they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from acquisition.command_line import JsonOption, VerboseOption, note, say, show, show_json
from acquisition.domain import Reader, ReadingState
from acquisition.errors import UserError
from acquisition.reading_plan import ReadingPlan
from acquisition.store import Store, open_store
from app.commands.options import DEFAULT_STORE, RecordingsOption, StoreOption
from app.read.reader_list import reader_list
from app.read.worklist import Progress, WorkItem

MAX_SEED = 2**31 - 1


def worklist_command(
    store: StoreOption = DEFAULT_STORE,
    recordings: RecordingsOption = None,
    order: Annotated[
        str | None, typer.Option(metavar="random|import", help="From now on, in which order cases are read.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=MAX_SEED, help="Seed of the random order, another a reader."),
    ] = None,
    readings: Annotated[
        int | None, typer.Option(metavar="N", help="From now on, how often each reader reads a case.")
    ] = None,
    washout_days: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            help="Days from a reader's commit of a case to their next reading; "
            "1 or more where --readings is above 1.",
        ),
    ] = None,
    gaze_marks: Annotated[
        bool | None,
        typer.Option("--gaze-marks/--no-gaze-marks", help="From now on, whether G drops a mark by gaze."),
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option(metavar="PSEUDONYM", help="The list of one reader, with the titles of cases."),
    ] = None,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Show the lists of all readers, or plan them: order, second readings and the washout between.

    Readers see numbers of their own lists alone. Titles of cases may tell the truth: show them to no reader.

    Example: gazeroom worklist --order random --seed 7 --readings 2 --washout-days 28
    """
    with open_store(store, recordings) as opened:
        before = opened.catalogue.reading_plan()
        plan = changed(before, order, seed, readings, washout_days)
        if gaze_marks is not None:
            plan = replace(plan, has_gaze_marks=gaze_marks)
        if plan != before:
            opened.catalogue.set_reading_plan(plan)
        if replace(plan, has_gaze_marks=before.has_gaze_marks) != before:
            _note_of_earlier_readings(opened)
        if reader is None:
            rows = [_reader_row(opened, known) for known in opened.catalogue.readers()]
        else:
            rows = _list_rows(opened, _known_reader(opened, reader))
    if as_json:
        show_json({"plan": asdict(plan), "readers" if reader is None else "list": rows})
        return
    say(in_words(plan))
    empty = (
        "Nobody has read yet: start with `gazeroom read`." if reader is None else "There are no cases yet."
    )
    show(rows, title=f"List of {reader}" if reader else "Readers", as_json=False, empty=empty)


def changed(
    plan: ReadingPlan, order: str | None, seed: int | None, n_readings: int | None, washout_days: int | None
) -> ReadingPlan:
    """The plan with what was given put in.

    Raises:
        UserError: for words that are no order, contradict each other, or make no plan.
    """
    if order not in (None, "random", "import"):
        raise UserError(f"--order {order}: choose random or import.")
    if order == "import" and seed is not None:
        raise UserError("--order import has no --seed: leave one of them out.")
    is_random = order == "random" or seed is not None or (order is None and plan.seed is not None)
    n_readings = plan.n_readings if n_readings is None else n_readings
    kept_days = plan.washout_days if n_readings > 1 else 0
    return replace(
        plan,
        seed=(plan.seed or 0 if seed is None else seed) if is_random else None,
        n_readings=n_readings,
        washout_days=kept_days if washout_days is None else washout_days,
    )


def in_words(plan: ReadingPlan) -> str:
    """A plan as a sentence."""
    order = (
        "the order of the import" if plan.seed is None else f"a random order of their own, seed {plan.seed}"
    )
    by_gaze = " G drops a mark where the reader looks." if plan.has_gaze_marks else ""
    if plan.n_readings == 1:
        return f"Each reader reads each case once, in {order}.{by_gaze}"
    return (
        f"Each reader reads each case {plan.n_readings} times, {plan.washout_days} days apart, "
        f"in {order}.{by_gaze}"
    )


def _note_of_earlier_readings(store: Store) -> None:
    n = sum(reading.state is ReadingState.COMMITTED for reading in store.readings())
    if n:
        note(f"Readings committed by an earlier plan: {n}. They count, but numbers in lists may differ.")


def _known_reader(store: Store, pseudonym: str) -> Reader:
    readers = {reader.pseudonym: reader for reader in store.catalogue.readers()}
    if pseudonym not in readers:
        raise UserError(
            f"--reader {pseudonym}: has not read here; readers are {', '.join(readers) or 'none'}."
        )
    return readers[pseudonym]


def _reader_row(store: Store, reader: Reader) -> dict[str, Any]:
    items = reader_list(store.catalogue, reader).items
    count = Counter(item.progress for item in items)
    due = [item.due_on for item in items if item.due_on is not None]
    return {
        "reader": reader.pseudonym,
        "cases": len(items),
        **{str(progress): count[progress] for progress in Progress},
        "second": sum(item.nth > 1 for item in items),
        "resting": len(due),
        "next_due": min(due).isoformat() if due else None,
    }


def _list_rows(store: Store, reader: Reader) -> list[dict[str, Any]]:
    titles = {case.id: case.title for case in store.catalogue.cases()}

    def row(item: WorkItem) -> dict[str, Any]:
        return {
            "number": item.number,
            "case": titles[item.case_id],
            "reading": item.nth,
            "state": str(item.progress),
            "due": item.due_on.isoformat() if item.due_on else None,
        }

    return [row(item) for item in reader_list(store.catalogue, reader).items]
