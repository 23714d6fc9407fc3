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
        timeout=120,
    )
    said = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]
    assert said == [sentence]
    assert done.returncode == 1


def test_a_window_on_a_screen_is_seen() -> None:
    assert is_seen("xcb")
    assert is_seen("windows")
    assert not is_seen("offscreen")
