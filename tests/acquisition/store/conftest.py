"""A store and a small recording."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_to_order import INFO, make_batch, make_session

from acquisition.domain import Session
from acquisition.sources.base import ClockPair
from acquisition.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def recorded(store: Store) -> Session:
    """A sealed session of ten chunks of ten samples."""
    writer = store.create_recording(INFO, make_session(store))
    for i in range(10):
        writer.append(make_batch(10 * i, 10, (ClockPair(0, 0.0, 1000),) if i == 0 else ()))
        writer.commit()
    writer.seal()
    return writer.session
