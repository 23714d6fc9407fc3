"""In which order a case is shown."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_fakes import FOUR_VIEWS, an_image

from acquisition.domain import Image
from app.read.hanging import Hanging, view_name
from app.read.stages import stages, study_dates
from app.read.transform import Anchor


def case(*names: str, **changes: object) -> list[Image]:
    """Images of distinct files, in the order given."""
    return [
        an_image(name, path=f"{i:02d}{changes.get('study_date', '')}", id=f"{i} {name} {changes}", **changes)
        for i, name in enumerate(names)
    ]


def names(hanging: Hanging) -> list[list[str]]:
    """Row by row; `-` where nothing hangs."""
    places = {(slot.row, slot.column): view_name(slot.image) or "?" for slot in hanging.slots}
    assert len(places) == len(hanging.slots), "two images in one place"
    return [
        [places.get((row, column), "-") for column in range(hanging.columns)] for row in range(hanging.rows)
    ]


def told(images: list[Image]) -> list[tuple[str, list[list[str]]]]:
    return [(stage[0].name, names(stage[0])) for stage in stages(images)]


@pytest.mark.parametrize("order", list(permutations(FOUR_VIEWS))[::5])
def test_four_views_hang_as_such_then_by_pairs_then_one_by_one(order: tuple[str, ...]) -> None:
    assert told(case(*order)) == [
        ("four-view", [["R CC", "L CC"], ["R MLO", "L MLO"]]),
        ("pair CC", [["R CC", "L CC"]]),
        ("pair MLO", [["R MLO", "L MLO"]]),
        ("single", [["R CC"]]),
        ("single", [["L CC"]]),
        ("single", [["R MLO"]]),
        ("single", [["L MLO"]]),
    ]
    for [hanging, *_] in stages(case(*order)):
        for slot in hanging.slots:
            assert slot.anchor is (Anchor.RIGHT if slot.image.laterality == "R" else Anchor.LEFT)


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        (["R CC"], [("single", [["R CC"]])]),
        (["L MLO", "R MLO"], [("pair MLO", [["R MLO", "L MLO"]])]),
        (["R CC", "L CC", "R MLO"], [("four-view", [["R CC", "L CC"], ["R MLO", "-"]])]),
        (["R CC", "R MLO"], [("grid", [["R CC", "R MLO"]])]),
        (
            [*FOUR_VIEWS, "R ML", "R CC"],
            [("four-view", [["R CC", "L CC"], ["R MLO", "L MLO"]]), ("grid", [["R CC", "R ML"]])],
        ),
        (["", "", ""], [("grid", [["?", "?", "?"]])]),
        (["R ML", "L ML"], [("pair ML", [["R ML", "L ML"]])]),
    ],
)
def test_other_mammograms_open_sensibly(
    views: list[str], expected: list[tuple[str, list[list[str]]]]
) -> None:
    assert told(case(*views))[: len(expected)] == expected


@pytest.mark.parametrize(
    ("modality", "part", "views", "expected"),
    [
        ("DX", "CHEST", [" LAT", " PA"], ("grid", [["PA", "LAT"]])),
        ("CR", "CHEST", [" LL", " AP"], ("grid", [["AP", "LL"]])),
        ("DX", "KNEE", ["L AP", "R AP"], ("pair AP", [["R AP", "L AP"]])),
        (
            "DX",
            "KNEE",
            ["L LAT", "R LAT", "L AP", "R AP"],
            ("four-view", [["R AP", "L AP"], ["R LAT", "L LAT"]]),
        ),
        ("PX", "JAW", ["B"], ("single", [["B"]])),
    ],
)
def test_other_x_rays_open_sensibly(
    modality: str, part: str, views: list[str], expected: tuple[str, list[list[str]]]
) -> None:
    assert told(case(*views, modality=modality, body_part=part))[0] == expected


def test_magnified_views_and_tomosyntheses_come_after_the_standard_ones() -> None:
    images = [
        *case("R CC", "R MLO", view_modifiers=("M", "S")),
        *case(*FOUR_VIEWS, n_frames=40),
        *case(*FOUR_VIEWS),
    ]
    overview, slices, special, *_ = stages(images)
    assert {slot.image.n_frames for slot in overview[0].slots} == {1}
    assert {slot.image.n_frames for slot in slices[0].slots} == {40}
    assert names(special[0]) == [["R CC M S", "R MLO M S"]]


def test_priors_hang_beside_what_is_current_or_below_it() -> None:
    images = case(*FOUR_VIEWS, study_date="20210312") + case(*FOUR_VIEWS, study_date="20240723")
    assert study_dates(images) == ("20240723", "20210312")
    found = stages(images)
    assert {slot.image.study_date for slot in found[0][0].slots} == {"20240723"}
    beside, below = found[1]
    assert beside.name == below.name == "compare CC"
    dates = {(slot.row, slot.column): slot.image.study_date for slot in beside.slots}
    assert [dates[0, i] for i in range(4)] == ["20210312", "20240723", "20240723", "20210312"]
    assert names(beside) == [["R CC", "R CC", "L CC", "L CC"]]
    assert names(below) == [["R CC", "L CC"], ["R CC", "L CC"]]
    assert {slot.image.study_date for slot in below.slots if slot.row == 0} == {"20240723"}
    assert names(found[2][0]) == [["R MLO", "R MLO", "L MLO", "L MLO"]]
    assert {slot.image.study_date for slot in found[3][0].slots} == {"20210312"}
    assert [stage[0].name for stage in found[4:]] == ["pair CC", "pair MLO"] + ["single"] * 4


def test_a_prior_with_one_side_leaves_no_hole_beside() -> None:
    images = case("R CC", "L CC", study_date="20240101") + case("L CC", study_date="20200101")
    beside, below = stages(images)[1]
    assert names(beside) == [["R CC", "L CC", "L CC"]]
    assert names(below) == [["R CC", "L CC"], ["-", "L CC"]]


def test_a_prior_without_a_date_is_the_oldest() -> None:
    images = case(" PA", study_date="") + case(" PA", study_date="20240101")
    assert study_dates(images) == ("20240101", "")
    assert [slot.image.study_date for slot in stages(images)[1][0].slots] == ["20240101", ""]


images = st.lists(
    st.builds(
        lambda i, name, date, modifiers, n_frames, modality: an_image(
            name, id=str(i), path=str(i), study_date=date, view_modifiers=modifiers, n_frames=n_frames,
            modality=modality,
        ),
        st.integers(0, 10**6),
        st.sampled_from(["R CC", "L CC", "R MLO", "L MLO", "R ML", "L XCCL", "", "B", "R", " PA", " LAT"]),
        st.sampled_from(["", "20200101", "20240101"]),
        st.sampled_from([(), ("M",)]),
        st.sampled_from([1, 30]),
        st.sampled_from(["MG", "DX"]),
    ),
    max_size=9,
    unique_by=lambda image: image.id,
)  # fmt: skip


@given(images)
def test_every_image_is_shown_somewhere_and_no_stage_twice(case: list[Image]) -> None:
    found = stages(case)
    assert {slot.image.id for stage in found for slot in stage[0].slots} == {image.id for image in case}
    assert len(set(found)) == len(found)
    for stage in found:
        members = [sorted(slot.image.id for slot in hanging.slots) for hanging in stage]
        assert all(member == members[0] for member in members)
        for hanging in stage:
            names(hanging)
