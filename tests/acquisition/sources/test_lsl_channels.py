import lsl_outlet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Display
from acquisition.sources.lsl_channels import Description, describe_channels, has_gaze

DISPLAY = Display(1920, 1080, 527.0, 296.0)


def channels_of(dialect):
    name, _, n_channels, dtype, descriptions, _ = lsl_outlet.DIALECTS[dialect]
    texts = [Description(label, kind, unit, eye) for label, eye, kind, unit in descriptions]
    texts += [Description()] * (n_channels - len(texts))
    return describe_channels(texts, f"<{dtype}", DISPLAY, stream_name=name)


def test_titta_fills_every_field_of_both_eyes():
    channels = channels_of("titta")
    roles = [channel.role for channel in channels]
    assert len(channels) == 37
    one_eye = [
        "x",
        "y",
        "point_x_mm",
        "point_y_mm",
        "point_z_mm",
        "valid",
        None,
        "pupil_mm",
        "pupil_valid",
        None,
    ]
    one_eye += ["origin_x_mm", "origin_y_mm", "origin_z_mm", "origin_valid", None]
    one_eye += ["openness_mm", "openness_valid", None]
    expected = [f"{side}_{field}" if field else "" for side in ("left", "right") for field in one_eye]
    assert roles == [*expected, "device_time_us"]
    assert (channels[-1].label, channels[-1].scale) == ("channel_37", 1e6)


def test_app_tobii_pro_sends_fractions_under_another_name():
    channels = channels_of("app_tobii_pro")
    expected = ["left_x", "left_y", "left_pupil_mm", "right_x", "right_y", "right_pupil_mm"]
    assert [channel.role for channel in channels] == expected
    assert {channel.scale for channel in channels} == {1.0}


def test_pupil_sends_pixels_of_both_eyes():
    channels = channels_of("pupil")
    assert [(c.role, c.scale) for c in channels] == [
        ("both_x", 1 / 1920),
        ("both_y", 1 / 1080),
        ("both_pupil_mm", 1.0),
    ]


def test_without_types_the_labels_must_do():
    texts = [Description(label) for label in ("Left gaze X", "gaze_y (left)", "right_x", "y", "pupil_left")]
    roles = [c.role for c in describe_channels(texts, "<f4", DISPLAY)]
    assert roles == ["left_x", "left_y", "right_x", "both_y", "left_pupil_mm"]


def test_units_that_are_not_known_give_no_role():
    texts = [Description("x", "ScreenX", "degrees"), Description("r", "Radius", "mm", "left")]
    assert [(c.role, c.scale) for c in describe_channels(texts, "<f4", DISPLAY)] == [
        ("", 1.0),
        ("left_pupil_mm", 2.0),
    ]


@pytest.mark.parametrize(
    ("labels", "usable"),
    [(["x", "y"], True), (["left_x", "right_y"], False), (["y"], False), ([], False)],
)
def test_gaze_needs_x_and_y_of_one_eye(labels, usable):
    assert has_gaze(describe_channels([Description(label) for label in labels], "<f4", DISPLAY)) is usable


texts = st.builds(
    Description,
    st.sampled_from(["", "x", "y", "left_x", "a"]),
    st.sampled_from(["", "ScreenX", "Diameter", "?"]),
    st.sampled_from(["", "px", "mm", "?"]),
    st.sampled_from(["", "left", "both"]),
)


@given(st.lists(texts, max_size=40))
def test_labels_and_roles_are_unique_whatever_a_stream_says(descriptions):
    channels = describe_channels(descriptions, "<f4", DISPLAY)
    assert len(channels) == len(descriptions)
    labels = [channel.label for channel in channels]
    assert len(set(labels)) == len(labels)
    roles = [channel.role for channel in channels if channel.role]
    assert len(set(roles)) == len(roles)
