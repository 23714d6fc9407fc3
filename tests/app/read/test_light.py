"""The steady word of the light."""

import pytest

from acquisition.recorder import RecorderState, RecorderStatus
from app.read.light import FAILED, NOT_RECORDED, PAUSED, light_of, storing
from app.texts import Text


@pytest.mark.parametrize(
    ("validity", "word", "tone"),
    [(1.0, Text.GOOD, "storing"), (0.7, Text.FAIR, "weak"), (0.1, Text.POOR, "weak")],
)
def test_the_word_follows_the_share_of_valid_samples(validity: float, word: Text, tone: str) -> None:
    light = storing(validity, NOT_RECORDED)
    assert (light.quality, light.tone, light.dot) == (word, tone, "storing")


def test_the_word_does_not_flicker_at_a_border() -> None:
    light = storing(0.86, NOT_RECORDED)
    for validity in (0.84, 0.86, 0.82, 0.88):
        light = storing(validity, light)
        assert light.quality is Text.GOOD
    light = storing(0.79, light)
    assert light.quality is Text.FAIR
    for validity in (0.86, 0.84, 0.89):
        light = storing(validity, light)
        assert light.quality is Text.FAIR
    assert storing(0.91, light).quality is Text.GOOD


def test_what_the_tracker_never_sent_is_as_lost_as_what_it_could_not_see() -> None:
    status = RecorderStatus(RecorderState.RECORDING, validity=0.98, rate_hz=120.0, owed_hz=120.0)
    assert light_of(status, False, NOT_RECORDED).quality is Text.GOOD
    skipping = RecorderStatus(RecorderState.RECORDING, validity=0.98, rate_hz=70.0, owed_hz=120.0)
    assert light_of(skipping, False, NOT_RECORDED).quality is Text.POOR
    irregular = RecorderStatus(RecorderState.RECORDING, validity=0.98, rate_hz=70.0)
    assert light_of(irregular, False, NOT_RECORDED).quality is Text.GOOD


def test_the_light_is_off_when_nothing_is_stored() -> None:
    recording = RecorderStatus(RecorderState.RECORDING, validity=1.0)
    assert light_of(None, False, NOT_RECORDED) == NOT_RECORDED
    assert light_of(recording, True, NOT_RECORDED) == PAUSED
    assert light_of(RecorderStatus(RecorderState.PAUSED), False, NOT_RECORDED) == PAUSED
    assert light_of(RecorderStatus(RecorderState.FAILED), False, NOT_RECORDED) == FAILED
    assert light_of(RecorderStatus(RecorderState.RECORDING, is_stored=False), False, NOT_RECORDED) == FAILED
