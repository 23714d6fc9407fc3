"""`gazeroom read` before its rooms are there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.screen import is_seen


@pytest.mark.parametrize(
    ("store", "sentence"),
    [
        ("file", "file is a file: --store takes a folder or the URL of a database"),
        (300 * "x", f"{300 * 'x'} cannot be looked at (File name too long): check its permissions"),
        ("mongodb://somewhere/store", "A store lives in SQLite or PostgreSQL, not in mongodb: check --store"),
    ],
)
def test_a_store_that_does_not_open_ends_in_its_sentence_where_nobody_sees_the_window(
    tmp_path: Path, store: str, sentence: str
) -> None:
    (tmp_path / "file").write_text("no store")
    done = subprocess.run(
        [sys.executable, "-m", "app", "read", "--store", store],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]
    assert said == [sentence]
    assert done.returncode == 1


def test_the_first_page_waits_for_nothing_that_takes_long_to_load() -> None:
    slow = ["numpy", "sqlalchemy", "pydicom", "pyarrow", "numba", "torch", "acquisition.store"]
    code = f"import sys, app.commands.read; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.strip() == "[]"


def test_a_window_on_a_screen_is_seen() -> None:
    assert is_seen("xcb")
    assert is_seen("windows")
    assert not is_seen("offscreen")
