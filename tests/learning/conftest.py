"""One small set for the tests that only read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from learning.files import SetManifest
from tests.learning.sets import make_set


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SetManifest]:
    folder = tmp_path_factory.mktemp("small") / "set"
    return folder, make_set(folder)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one core: sums come in one order, and other tests keep theirs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
