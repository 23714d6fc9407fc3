"""The worklist as it is seen: searched without a hint of the truth, and resting cases kept away."""

from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QTableView, QWidget

from app.read.worklist import Progress, WorkItem
from app.read.worklist_panel import WorklistPanel, fits

ITEMS = (
    WorkItem(13, "c13", 4, Progress.DONE, 2, False, loss=0.011),
    WorkItem(14, "c14", 4, Progress.NEW, None, False),
    WorkItem(15, "c15", 4, Progress.DRAFT, 4, False),
    WorkItem(16, "c16", 4, Progress.REREAD, 3, False, loss=0.17),
    WorkItem(17, "c17", 4, Progress.DONE, 1, False, loss=0.02, due_on=date(2024, 6, 3)),
    WorkItem(114, "c114", 4, Progress.NEW, None, True, nth=2),
)


@pytest.fixture
def panel(qtbot) -> WorklistPanel:  # type: ignore[no-untyped-def]
    made = WorklistPanel()
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.show_worklist("R-07", ITEMS, "c15")
    made.show()
    return made


def table(panel: WorklistPanel) -> QTableView:
    found = panel.findChild(QTableView, "worklist")
    assert isinstance(found, QTableView)
    return found


def field(panel: WorklistPanel) -> QLineEdit:
    found = panel.findChild(QLineEdit, "worklistSearch")
    assert isinstance(found, QLineEdit)
    return found


def words(panel: QWidget, name: str) -> str:
    found = panel.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text() if not found.isHidden() else ""


def lines(panel: WorklistPanel) -> list[str]:
    model = table(panel).model()
    return [str(model.index(row, 0).data()).split()[0] for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["013", "014", "015", "016", "017", "114"]),
        ("14", ["014", "114"]),
        ("014", ["014"]),
        ("new", ["014", "114"]),
        ("NEW 1", ["014", "114"]),
        ("re-read", ["016"]),
        ("from 2024-06", ["017"]),
        ("sim", ["114"]),
        ("draft", ["015"]),
        ("4", ["014", "114"]),  # not the BI-RADS of case 015
        ("malignant", []),
    ],
)
def test_lines_are_found_by_number_and_state(panel: WorklistPanel, search: str, found: list[str]) -> None:
    QTest.keyClicks(field(panel), search)
    assert lines(panel) == found
    is_empty = not found
    assert table(panel).isHidden() == is_empty
    assert words(panel, "nothingFound") == (
        f"No line fits “{search}”. Esc shows all again." if is_empty else ""
    )


@given(st.text(max_size=12))
def test_what_is_found_depends_on_nothing_that_is_not_shown(search: str) -> None:
    """A line knows no title and no label, and its BI-RADS, id and images change nothing."""
    assert not {"title", "label", "labels", "truth"} & {field.name for field in fields(WorkItem)}
    plain = WorkItem(14, "c14", 4, Progress.NEW, None, False)
    other = WorkItem(14, "malignant", 2, Progress.NEW, 5, False)
    assert fits(plain, search) == fits(other, search)


def test_a_line_that_was_found_opens_its_own_case(panel: WorklistPanel) -> None:
    opened: list[str] = []
    panel.case_chosen.connect(opened.append)
    QTest.keyClicks(field(panel), "re-read")
    table(panel).clicked.emit(table(panel).model().index(0, 0))
    assert opened == ["c16"]
    field(panel).clear()
    QTest.keyClicks(field(panel), "114")
    QTest.keyClick(field(panel), Qt.Key.Key_Return)
    assert opened == ["c16", "c114"]
    assert field(panel).text() == ""


def test_enter_on_nothing_found_opens_nothing_and_esc_shows_all_again(panel: WorklistPanel) -> None:
    opened: list[str] = []
    panel.case_chosen.connect(opened.append)
    QTest.keyClicks(field(panel), "zebra")
    QTest.keyClick(field(panel), Qt.Key.Key_Return)
    QTest.keyClick(field(panel), Qt.Key.Key_Escape)
    assert opened == []
    assert len(lines(panel)) == len(ITEMS)
    assert table(panel).selectionModel().selectedRows()[0].row() == 2, "the open case is marked again"


def test_a_search_stays_while_the_list_changes(panel: WorklistPanel) -> None:
    QTest.keyClicks(field(panel), "new")
    panel.show_worklist("R-07", ITEMS[2:], "c114")
    assert lines(panel) == ["114"]


def test_a_resting_case_says_when_it_comes_again_and_does_not_open(panel: WorklistPanel) -> None:
    opened: list[str] = []
    panel.case_chosen.connect(opened.append)
    model = table(panel).model()
    assert model.index(4, 2).data() == "from 2024-06-03"
    assert table(panel).columnSpan(4, 2) == 2
    table(panel).clicked.emit(model.index(4, 0))
    assert opened == []
    assert words(panel, "gazeNotice") == (
        "Case 017 is for a second reading, not before 2024-06-03. Choose another one."
    )


def test_the_head_counts_what_is_read_and_what_comes_again(panel: WorklistPanel) -> None:
    assert words(panel, "doneLabel") == "2 of 6 read, 1 to read again, 1 for a second time"
