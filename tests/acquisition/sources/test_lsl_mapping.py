import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acquisition.domain import Display
from acquisition.errors import FileRefused, SourceError
from acquisition.sources.lsl_channels import ROLES, Description, has_gaze, plain_channels
from acquisition.sources.lsl_mapping import example_file, read_channel_file
from acquisition.store.gaze import gaze_dtype

DISPLAY = Display(1920, 1080, 527.0, 296.0)
GAZE = '"gaze x" = { role = "left_x", unit = "pixels" }\n"gaze y" = { role = "left_y" }\n'


@pytest.fixture
def written(tmp_path):
    """`written(text)` gives the path of a file of channels."""

    def write(text):
        path = tmp_path / "channels.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_every_role_is_a_field_of_gaze():
    both = gaze_dtype(plain_channels([Description()], "<f4")).names
    sided = [name for name in both if name.startswith(("left_", "right_"))]
    fields = [*sided, *(name.replace("left_", "both_") for name in sided if name.startswith("left_"))]
    assert sorted(ROLES) == sorted([*fields, "device_time_us"])


def test_channels_are_named_by_label_or_number_and_scaled_by_unit_or_factor(written):
    path = written(
        f"[channels]\n{GAZE}"
        '4 = { role = "left_pupil_mm", scale = 0.001 }\n'
        '5 = { role = "device_time_us", unit = "ms" }\n'
        'flag = { role = "left_valid" }\n'
    )
    texts = [Description(label, unit="au") for label in ("gaze x", "gaze y", "flag", "pupil", "")]
    channels = read_channel_file(path, DISPLAY).channels(texts, "<f4")
    assert [(c.label, c.role, c.unit, c.scale) for c in channels] == [
        ("gaze x", "left_x", "pixels", 1 / 1920),
        ("gaze y", "left_y", "au", 1.0),
        ("flag", "left_valid", "au", 1.0),
        ("pupil", "left_pupil_mm", "au", 0.001),
        ("channel_5", "device_time_us", "ms", 1000.0),
    ]


def test_only_what_the_file_names_has_a_role(written):
    texts = [Description(label) for label in ("right_x", "right_y", "gaze x", "gaze y")]
    channels = read_channel_file(written(f"[channels]\n{GAZE}"), DISPLAY).channels(texts, "<f8")
    assert [c.role for c in channels] == ["", "", "left_x", "left_y"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[channels\n", r"is no TOML file \(.*line 1"),
        ("roles = 1\n", r"has no table \[channels\]: write one, for instance"),
        ("[channels]\nx = 3\n", r"\[channels\] 'x': it has no role: write for instance"),
        ('[channels]\nx = { role = "nose" }\n', r"'x': there is no role 'nose': choose left_x, left_y,"),
        ('[channels]\nx = { role = "left_x", units = "mm" }\n', "no field 'units': choose role, unit, scale"),
        ('[channels]\nx = { role = "left_x", unit = "ell" }\n', "left_x is not in 'ell': choose .*pixels"),
        ('[channels]\nx = { role = "left_x", scale = "2" }\n', "the scale '2' is no factor"),
        ('[channels]\nx = { role = "left_x", scale = 0 }\n', "the scale 0 is no factor"),
        ('[channels]\nx = { role = "left_x", scale = nan }\n', "the scale nan is no factor"),
        ('[channels]\nx = { role = "left_x" }\n', "no eye has both x and y"),
        (f'[channels]\n{GAZE}z = {{ role = "left_x" }}\n', "two channels have the role left_x"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(text, sentence, written):
    with pytest.raises(FileRefused, match=sentence) as refused:
        read_channel_file(written(text), DISPLAY)
    assert "channels.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(FileRefused, match=r"gone\.toml cannot be read \(No such file"):
        read_channel_file(tmp_path / "gone.toml", DISPLAY)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(FileRefused, match=r"bytes\.toml is no TOML file"):
        read_channel_file(tmp_path / "bytes.toml", DISPLAY)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            '9 = { role = "both_x" }',
            "'9': it names a channel that the stream has not: choose among 1 to 2 or",
        ),
        ('1 = { role = "both_x" }', "'1': it names a channel twice"),
    ],
)
def test_a_file_that_does_not_fit_the_stream_says_so(more, sentence, written):
    file = read_channel_file(written(f"[channels]\n{GAZE}{more}\n"), DISPLAY)
    with pytest.raises(SourceError, match=sentence):
        file.channels([Description("gaze x"), Description("gaze y")], "<f4")


@example([Description(""), Description("\x7f")])
@given(st.lists(st.text(max_size=8).map(Description), min_size=2, max_size=5))
def test_the_example_for_any_stream_is_a_file_that_makes_it_usable(tmp_path_factory, descriptions):
    path = tmp_path_factory.mktemp("example") / "channels.toml"
    path.write_bytes(example_file(descriptions).encode("utf-8", "replace"))
    assert len(tomllib.loads(path.read_text(encoding="utf-8"))["channels"]) == 2
    if all(text.label.isprintable() for text in descriptions):
        channels = read_channel_file(path, DISPLAY).channels(descriptions, "<f4")
        assert has_gaze(channels)
        assert [c.role for c in channels[:2]] == ["both_x", "both_y"]
