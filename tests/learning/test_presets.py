import pytest

from acquisition.errors import UserError
from learning.augment import AUGMENTATIONS
from learning.config import RunConfig, make_config
from learning.presets import PRESETS, find_preset

GAZE_FIELDS = {"gaze", "scheme", "threshold", "drop_probability"}


def preset(name: str) -> RunConfig:
    return make_config(**find_preset(name))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_run_that_its_name_describes(name: str) -> None:
    config = preset(name)
    assert config.backbone in name
    assert f"-{config.method}-" in name
    assert config.augmentation in AUGMENTATIONS
    if not name.endswith("-matched"):
        assert f"-{config.gaze}-" in name


def test_a_matched_counterpart_differs_in_gaze_alone() -> None:
    names = [name for name in PRESETS if not name.endswith("-matched")]
    assert len(names) * 2 == len(PRESETS)
    for name in names:
        one, other = preset(name), preset(f"{name}-matched")
        differing = {
            field for field in RunConfig.model_fields if getattr(one, field) != getattr(other, field)
        }
        assert "gaze" in differing
        assert differing <= GAZE_FIELDS
        assert "none" in (one.gaze, other.gaze)


def test_published_rows_by_sample() -> None:
    plain = preset("inbreast-byol-none-resnet50")
    assert (plain.optimiser, plain.learning_rate, plain.weight_decay) == ("lars", 1e-3, 1e-6)
    assert (plain.batch_size, plain.accumulate, plain.epochs, plain.rise_epochs) == (16, 16, 250, 10)
    gaze = preset("inbreast-byol-gzpt-resnet50-drop-0.9")
    assert (gaze.optimiser, gaze.adam_beta_2, gaze.learning_rate) == ("adamw", 0.95, 2e-5)
    assert (gaze.threshold, gaze.drop, gaze.epochs) == (0.95, 0.9, 200)
    assert preset("inbreast-byol-mcgip-resnet18").init == "random"
    assert preset("inbreast-byol-momentum-0-gzpt-resnet50").target_momentum == 0
    moco = preset("oai-moco-mcgip-resnet50")
    assert (moco.queue_size, moco.batch_size, moco.drop, moco.target_momentum) == (320, 32, 0, 0.999)
    assert not preset("oai-moco-none-resnet50").own_copies_are_positive
    assert preset("oai-moco-labels-resnet50").batch_size == 4
    tufts = preset("tufts-moco-mcgip-resnet101")
    assert (tufts.scheme, tufts.threshold, tufts.learning_rate) == ("moments", 0.7, 4e-5)


def test_an_unknown_preset_gets_the_names_near_it() -> None:
    with pytest.raises(UserError, match=r"no preset 'oai-byol'; choose one of oai-byol-none-resnet50, "):
        find_preset("oai-byol")
