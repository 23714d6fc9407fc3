"""One small set for the tests that only read it."""

from pathlib import Path

import pytest

from learning.files import SetManifest
from tests.learning.sets import make_set


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SetManifest]:
    folder = tmp_path_factory.mktemp("small") / "set"
    return folder, make_set(folder)
