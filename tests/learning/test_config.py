"""Which settings two runs must share so that nothing but their pairs can tell them apart."""

import pytest

from learning.config import make_config


def matches(common: dict[str, object], one: dict[str, object], other: dict[str, object]) -> bool:
    configs = [make_config(**(common | more)) for more in (one, other)]
    return configs[0].matching_sha256 == configs[1].matching_sha256


@pytest.mark.parametrize(
    ("common", "one", "other"),
    [
        ({"method": "byol"}, {"queue_size": 64}, {"queue_size": 4096}),
        ({"method": "simsiam"}, {"temperature": 0.1}, {"own_copies_are_positive": False}),
        ({"method": "simsiam"}, {"momentum": 0.5}, {}),
        ({"optimiser": "sgd"}, {"adam_beta_2": 0.95}, {}),
        ({"method": "byol"}, {"momentum": 0.9, "embedding": 256}, {}),
        ({"method": "moco"}, {"momentum": 0.999, "embedding": 128}, {}),
        ({}, {"gaze": "gzpt", "pair_rate": 0.1, "drop_probability": 0.3}, {"gaze": "random"}),
        ({}, {"device": "cpu", "compile": True, "watch_every": 3, "label": "grade"}, {}),
    ],
)
def test_what_a_run_never_asks_for_parts_no_arms(
    common: dict[str, object], one: dict[str, object], other: dict[str, object]
) -> None:
    assert matches(common, one, other)


@pytest.mark.parametrize(
    ("common", "one"),
    [
        ({"method": "moco"}, {"queue_size": 64}),
        ({"method": "moco"}, {"temperature": 0.1}),
        ({"method": "moco"}, {"own_copies_are_positive": False}),
        ({"method": "byol"}, {"momentum": 0.99}),
        ({"method": "simsiam"}, {"embedding": 64}),
        ({"optimiser": "adamw"}, {"adam_beta_2": 0.95}),
        ({"epochs": 7}, {"schedule_epochs": 14}),
        ({}, {"normalisation": "per_anchor"}),
        ({}, {"seed": 1}),
        ({}, {"method": "simsiam"}),
        ({}, {"init": "imagenet"}),
        ({}, {"image_size_px": 32}),
    ],
)
def test_what_changes_the_training_parts_arms(common: dict[str, object], one: dict[str, object]) -> None:
    assert not matches(common, one, {})
