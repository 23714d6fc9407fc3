"""The steady word of the light."""

import pytest

from app.read.light import NOT_RECORDED, storing
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
