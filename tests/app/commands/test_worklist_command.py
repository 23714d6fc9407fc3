"""`gazeroom worklist`: plans are kept, contradictions refused, and lists told."""

import json
import shlex
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from acquisition.domain import Assessment, Case, Display, Session
from acquisition.errors import UserError
from acquisition.reading_plan import ReadingPlan, in_order
from acquisition.store import open_store
from app.__main__ import gazeroom
from app.commands.worklist import changed, in_words

RANDOM_TWICE = ReadingPlan(7, 2, 28)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of five cases; R-07 committed the second one three days ago."""
    with open_store(tmp_path / "store") as store:
        for n in range(1, 6):
            store.catalogue.add_case(Case(f"c{n}", f"Case {n:03d}", f"p{n}", n))
        reader = store.catalogue.ensure_reader(pseudonym="R-07")
        opened_utc = (datetime.now(UTC) - timedelta(days=3)).isoformat()
        display = Display(1920, 1080, 527.0, 296.0)
        store.catalogue.add_session(Session("ses", reader.id, "R-07", "none", False, display, opened_utc, 0))
        reading = store.catalogue.open_reading("ses", reader.id, "c2", 0)
        store.catalogue.commit_reading(reading.id, Assessment(reading.id, 2), 10, 9, 0.01, 0.1)
    return tmp_path / "store"


def told(folder: Path, *words: str) -> dict[str, Any]:
    done = CliRunner().invoke(gazeroom, ["worklist", "--store", str(folder), *words, "--json"])
    assert done.exit_code == 0, done.exception
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_plan_is_kept_until_it_is_changed(folder: Path) -> None:
    assert told(folder)["plan"] == {
        "seed": None,
        "n_readings": 1,
        "washout_days": 0,
        "has_gaze_marks": False,
    }
    words = ["--order", "random", "--seed", "7", "--readings", "2", "--washout-days", "28"]
    assert told(folder, *words)["plan"] == asdict(RANDOM_TWICE)
    assert told(folder)["plan"]["washout_days"] == 28
    assert told(folder, "--readings", "1")["plan"] == asdict(ReadingPlan(seed=7))
    with open_store(folder) as store:
        assert store.catalogue.reading_plan() == ReadingPlan(seed=7)


def test_the_plan_that_the_readme_shows_is_accepted(folder: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    [line] = [line for line in readme.splitlines() if line.startswith("gazeroom worklist ")]
    words = shlex.split(line, comments=True)[2:]
    assert told(folder, *words)["plan"] == asdict(RANDOM_TWICE)


def test_marks_by_gaze_are_allowed_until_they_are_not(folder: Path) -> None:
    assert told(folder, "--gaze-marks", "--seed", "7")["plan"] == asdict(ReadingPlan(7, has_gaze_marks=True))
    assert told(folder, "--order", "import")["plan"]["has_gaze_marks"]
    done = CliRunner().invoke(gazeroom, ["worklist", "--store", str(folder), "--no-gaze-marks"])
    assert "earlier plan" not in done.stderr, "no list has changed"
    assert not told(folder)["plan"]["has_gaze_marks"]


def test_every_reader_has_a_line_and_a_list(folder: Path) -> None:
    due = (datetime.now(UTC).astimezone() + timedelta(days=25)).date().isoformat()
    [row] = told(folder, "--seed", "7", "--readings", "2", "--washout-days", "28")["readers"]
    assert (row["reader"], row["cases"], row["new"], row["done"]) == ("R-07", 5, 4, 1)
    assert (row["resting"], row["next_due"], row["second"]) == (1, due, 0)
    listed = told(folder, "--reader", "R-07")["list"]
    with open_store(folder) as store:
        order = [case.title for case in in_order(store.catalogue.cases(), RANDOM_TWICE, "R-07", 1)]
    assert [line["case"] for line in listed] == order
    assert [line["number"] for line in listed] == [1, 2, 3, 4, 5]
    assert [(line["state"], line["due"]) for line in listed if line["case"] == "Case 002"] == [("done", due)]


def test_people_are_told_in_a_sentence_and_warned_of_numbers_that_change(folder: Path) -> None:
    done = CliRunner().invoke(
        gazeroom, ["worklist", "--store", str(folder), "--order", "random", "--seed", "3"]
    )
    assert "Each reader reads each case once, in a random order of their own, seed 3." in done.stdout
    assert "R-07" in done.stdout
    assert "Readings committed by an earlier plan: 1." in done.stderr


def test_a_plan_in_words() -> None:
    assert in_words(ReadingPlan()) == "Each reader reads each case once, in the order of the import."
    assert in_words(ReadingPlan(has_gaze_marks=True)).endswith(
        "import. G drops a mark where the reader looks."
    )
    assert "2 times, 28 days apart, in a random order of their own, seed 7." in in_words(RANDOM_TWICE)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((None, None, None, None), RANDOM_TWICE),
        (("import", None, None, None), ReadingPlan(None, 2, 28)),
        (("random", None, None, 14), ReadingPlan(7, 2, 14)),
        ((None, 0, 3, None), ReadingPlan(0, 3, 28)),
        ((None, None, 1, None), ReadingPlan(7)),
    ],
)
def test_what_is_not_said_stays_as_it_is(given: tuple[Any, ...], expected: ReadingPlan) -> None:
    assert changed(RANDOM_TWICE, *given) == expected


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("shuffled", None, None, None), "--order shuffled: choose random or import."),
        (("import", 7, None, None), "has no --seed"),
        ((None, None, 2, None), "second readings need 1 day or more"),
        ((None, None, None, 28), "ask for 2 readings"),
    ],
)
def test_words_that_make_no_plan_are_refused(given: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        changed(ReadingPlan(), *given)


def test_a_reader_who_never_read_here_is_refused(folder: Path) -> None:
    done = CliRunner().invoke(gazeroom, ["worklist", "--store", str(folder), "--reader", "R-70"])
    assert isinstance(done.exception, UserError)
    assert "--reader R-70: has not read here; readers are R-07." in str(done.exception)
