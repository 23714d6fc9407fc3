"""What can still be read where something is damaged."""

from pathlib import Path

import numpy as np
import pytest
from made_to_order import INFO, make_batch, make_session

from acquisition.domain import Session
from acquisition.errors import StoreError
from acquisition.sources.base import ClockPair
from acquisition.store import Store
from acquisition.store.engine import sqlite


def damage(store: Store, session: Session, *statements: str) -> None:
    connection = sqlite.connect(store._folder / f"{session.id}.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_of_a_sound_recording_everything_is_left(store: Store, recorded: Session) -> None:
    gaze, problems = store.salvage(recorded.id)
    assert gaze.tobytes() == store.gaze(recorded.id).tobytes()
    assert problems == []


@pytest.mark.parametrize("lost", [{4}, {0, 9}, {3, 4, 5}, set(range(10))])
def test_damaged_chunks_cost_only_themselves(store: Store, recorded: Session, lost: set[int]) -> None:
    whole = store.gaze(recorded.id)
    damage(store, recorded, *(f"UPDATE chunk SET data = x'00' WHERE seq = {seq}" for seq in lost))
    gaze, problems = store.salvage(recorded.id)
    kept = [seq for seq in range(10) if seq not in lost]
    expected = [whole[10 * seq : 10 * seq + 10] for seq in kept]
    assert gaze.tobytes() == b"".join(part.tobytes() for part in expected)
    assert len(problems) == len(lost)
    for seq, problem in zip(sorted(lost), problems, strict=True):
        assert f"damaged in chunk {seq}, 10 samples" in problem


def test_a_missing_chunk_costs_only_itself(store: Store, recorded: Session) -> None:
    damage(store, recorded, "DELETE FROM chunk WHERE seq = 9")
    gaze, problems = store.salvage(recorded.id)
    assert len(gaze) == 90
    assert "lacks chunk 9" in problems[0]


def test_without_clock_pairs_gaze_is_placed_by_arrival(store: Store, recorded: Session) -> None:
    damage(store, recorded, "DROP TABLE clock_pair")
    gaze, problems = store.salvage(recorded.id)
    np.testing.assert_array_equal(gaze["time_ns"], gaze["host_time_ns"])
    assert "placed by when it arrived" in problems[0]


def test_pages_that_rotted_cost_only_their_chunks(store: Store) -> None:
    writer = store.create_recording(INFO, make_session(store))
    rng = np.random.default_rng(0)
    for first in range(0, 20_000, 500):
        batch = make_batch(first, 500, (ClockPair(0, 0.0, 1),) * (first == 0))
        batch.samples["Pupil"] = rng.normal(size=500)
        writer.append(batch)
        writer.commit()
    writer.seal()
    path: Path = store._folder / f"{writer.session.id}.sqlite"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = bytes(4096)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="was altered"):
        store.gaze(writer.session.id)
    gaze, problems = store.salvage(writer.session.id)
    assert 19_000 <= len(gaze) < 20_000
    assert 1 <= len(problems) <= 2
    assert (np.diff(gaze["time_ns"]) > 0).all()


def test_nothing_is_salvaged_from_what_is_gone(store: Store, recorded: Session) -> None:
    (store._folder / f"{recorded.id}.sqlite").unlink()
    with pytest.raises(StoreError, match="is missing"):
        store.salvage(recorded.id)
