from pathlib import Path

import pytest
import torch

from acquisition.errors import UserError
from learning.encoder import create_encoder, save_encoder, seeded
from learning.evaluation.entrants import arm_without_run, arms_of_runs, differing_settings, scratch_arms
from learning.evaluation.judging import choose_arms, compared
from learning.files import SetManifest, load_run, save_run
from tests.learning.made_up import finished_run

SmallSet = tuple[Path, SetManifest]


def several(folder: Path, manifest: SetManifest, *settings: dict[str, object]) -> list[Path]:
    return [finished_run(folder / str(number), manifest, **each) for number, each in enumerate(settings)]


def pairs_of(runs: list[Path]) -> list[tuple[str, str]]:
    arms = choose_arms(runs, ())
    return [(arms[a].name, arms[b].name) for a, b in compared(arms) if arms[b].record]


def test_runs_that_differ_in_their_seed_alone_are_one_arm(small_set: SmallSet, tmp_path: Path) -> None:
    runs = several(
        tmp_path,
        small_set[1],
        {"gaze": "gzpt", "pair_rate": 0.1, "seed": 2},
        {"gaze": "none", "seed": 0},
        {"gaze": "gzpt", "pair_rate": 0.1, "seed": 0, "start_from": "warm-up of seed 0"},
        {"gaze": "gzpt", "pair_rate": 0.1, "seed": 1, "device": "cpu"},
    )
    plain, gaze = arms_of_runs(runs)
    assert (gaze.name, gaze.pairs, gaze.seeds) == ("BYOL + GzPT, TIMA", "gaze, TIMA", (0, 1, 2))
    assert gaze.runs == (runs[2], runs[3], runs[0])
    assert (plain.name, plain.pairs, plain.seeds) == ("BYOL, no gaze", "none", (0,))
    assert gaze.matching == plain.matching


@pytest.mark.parametrize(
    "change",
    [{"epochs": 3}, {"optimiser": "lars"}, {"batch_size": 5}, {"drop_probability": 0.1}, {"scheme": "dhash"}],
)
def test_runs_that_differ_in_anything_else_are_not(
    change: dict[str, object], small_set: SmallSet, tmp_path: Path
) -> None:
    base = {"gaze": "gzpt", "pair_rate": 0.1}
    one, other = arms_of_runs(several(tmp_path, small_set[1], base, base | {"seed": 1} | change))
    assert one.name != other.name
    if "scheme" not in change:
        value = str(next(iter(change.values())))
        assert value in other.name
        assert next(iter(change)).replace("_", " ") in other.name


@pytest.mark.parametrize(
    "change", [{"precision": "bfloat16"}, {"start_gaze": "gzpt"}, {"start_conditions": "0a1b2c3d"}]
)
def test_runs_that_computed_or_began_otherwise_are_not_matched(
    change: dict[str, object], small_set: SmallSet, tmp_path: Path
) -> None:
    runs = several(tmp_path, small_set[1], {"gaze": "gzpt", "pair_rate": 0.1}, {"gaze": "none"})
    save_run(runs[0], load_run(runs[0]).model_copy(update=change))
    plain, gaze = arms_of_runs(runs)
    assert gaze.matching != plain.matching
    (told,) = differing_settings(gaze, plain)
    assert str(next(iter(change.values()))) in told


def test_what_a_method_never_asks_for_parts_no_arms(small_set: SmallSet, tmp_path: Path) -> None:
    runs = several(
        tmp_path, small_set[1], {"gaze": "gzpt", "pair_rate": 0.1, "queue_size": 64}, {"queue_size": 4096}
    )
    plain, gaze = arms_of_runs(runs)
    assert gaze.matching == plain.matching
    assert differing_settings(gaze, plain) == []


def test_arms_have_names_that_say_what_they_are(small_set: SmallSet, tmp_path: Path) -> None:
    runs = several(
        tmp_path,
        small_set[1],
        {"method": "moco", "gaze": "labels"},
        {"method": "simsiam", "gaze": "mcgip"},
        {"gaze": "random", "pair_rate": 0.1},
    )
    assert [(arm.name, arm.pairs) for arm in arms_of_runs(runs)] == [
        ("MoCo + label pairs", "labels (GT)"),
        ("SimSiam + McGIP, TIMA", "gaze, TIMA"),
        ("BYOL + random pairs", "random"),
    ]


def test_only_arms_that_differ_in_their_pairs_alone_are_compared(small_set: SmallSet, tmp_path: Path) -> None:
    gzpt = {"gaze": "gzpt", "pair_rate": 0.1}
    random = {"gaze": "random", "pair_rate": 0.1}
    runs = several(
        tmp_path,
        small_set[1],
        {},
        gzpt,
        random,
        {**gzpt, "optimiser": "lars"},
        {"method": "moco", "gaze": "labels"},
    )
    assert pairs_of(runs[:3]) == [
        ("BYOL + GzPT, TIMA", "BYOL, no gaze"),
        ("BYOL + random pairs", "BYOL, no gaze"),
        ("BYOL + GzPT, TIMA", "BYOL + random pairs"),
    ]
    assert pairs_of([runs[0], runs[3]]) == []
    assert pairs_of([runs[0], runs[4]]) == []
    assert pairs_of(several(tmp_path / "seeds", small_set[1], {}, {**gzpt, "seed": 1})) == []


def test_pairs_by_another_label_are_another_arm(small_set: SmallSet, tmp_path: Path) -> None:
    by_label = {"gaze": "labels", "pair_rate": 0.1}
    runs = several(tmp_path, small_set[1], by_label, by_label)
    save_run(runs[1], load_run(runs[1]).model_copy(update={"label": "density"}))
    one, other = arms_of_runs(runs)
    assert {one.name, other.name} == {
        "BYOL + label pairs, label pathology",
        "BYOL + label pairs, label density",
    }


def test_gaze_is_compared_with_as_many_random_pairs_alone(small_set: SmallSet, tmp_path: Path) -> None:
    mcgip = {"gaze": "mcgip", "pair_rate": 0.1}
    random = {"gaze": "random", "pair_rate": 0.1}
    fair = {"gaze": "random", "pair_rate": 0.098, "drop_probability": 0}
    unfair = several(tmp_path, small_set[1], {}, mcgip, random)
    plain, gaze, chance = arms_of_runs(unfair)
    assert pairs_of(unfair) == [(gaze.name, plain.name), (chance.name, plain.name)]
    assert differing_settings(gaze, chance) == [
        "positives of an image (10 against 5)",
    ]
    gaze, chance = arms_of_runs(several(tmp_path / "fair", small_set[1], mcgip, fair))
    assert gaze.is_matched(chance)


def test_arms_are_compared_with_encoders_without_a_run(small_set: SmallSet, tmp_path: Path) -> None:
    arms = choose_arms(several(tmp_path, small_set[1], {}, {"gaze": "mcgip"}), ())
    assert [(arms[a].name, arms[b].name) for a, b in compared(arms) if arms[b].record is None] == [
        ("BYOL, no gaze", "From scratch"),
        ("BYOL + McGIP, TIMA", "From scratch"),
    ]


def test_an_encoder_from_scratch_is_what_a_run_of_its_seed_begins_with(
    small_set: SmallSet, tmp_path: Path
) -> None:
    (arm,) = scratch_arms(arms_of_runs(several(tmp_path, small_set[1], {"seed": 4}, {"seed": 3})))
    assert arm.seeds == (3, 4)
    with seeded(3):
        expected = create_encoder("test_resnet", 32)
    made = arm.entrants[0].create()
    for mine, theirs in zip(made.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_an_encoder_without_a_run_stands_once(small_set: SmallSet, tmp_path: Path) -> None:
    runs = several(tmp_path, small_set[1], {"seed": 7})
    arms = choose_arms(runs, ("scratch:test_resnet", "scratch:test_vit@64"))
    assert [(arm.name, arm.seeds) for arm in arms] == [
        ("From scratch, backbone test_resnet, image size px 32", (7,)),
        ("From scratch, backbone test_vit, image size px 64", (7,)),
        ("BYOL, no gaze", (7,)),
    ]
    (alone,) = choose_arms([], ("scratch:test_resnet",))
    assert (alone.image_size_px, alone.seeds) == (224, (0,))


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    specs = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save_encoder(tmp_path / folder / "model.safetensors", create_encoder("test_resnet", 32))
        specs.append(f"{tmp_path / folder / 'model.safetensors'}:test_resnet@32")
    assert [arm.name for arm in choose_arms([], specs)] == ["model, test_resnet", "model, test_resnet (2)"]


def test_runs_that_cannot_stand_in_one_table_get_a_sentence(small_set: SmallSet, tmp_path: Path) -> None:
    runs = several(tmp_path, small_set[1], {}, {"gaze": "mcgip", "image_size_px": 48}, {"gaze": "labels"}, {})
    with pytest.raises(UserError, match=r"learnt from images of 48 px and .* from 32 px"):
        arms_of_runs(runs[:2])
    other = load_run(runs[2]).model_copy(update={"set_sha256": "another"})
    save_run(runs[2], other)
    with pytest.raises(UserError, match="pretrained on different sets"):
        arms_of_runs([runs[0], runs[2]])
    with pytest.raises(UserError, match="the same arm under the same seed, 0; name one"):
        arms_of_runs([runs[0], runs[3]])
    with pytest.raises(UserError, match="holds no finished run"):
        arms_of_runs([tmp_path])
    with pytest.raises(UserError, match="nothing to judge"):
        choose_arms([], ())


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("resnet18", "'resnet18' names no encoder; give scratch:BACKBONE"),
        ("scratch:", "names no encoder"),
        ("scratch:resnet18@big", "names no encoder"),
        ("scratch:resnet99", "There is no backbone 'resnet99'"),
        ("missing.safetensors:resnet18", "missing.safetensors, the weights of an arm, does not exist"),
    ],
)
def test_an_encoder_that_does_not_exist_gets_a_sentence(spec: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        arm_without_run(spec, [])
