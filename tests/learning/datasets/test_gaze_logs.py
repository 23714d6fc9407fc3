from pathlib import Path

import numpy as np
import pytest

from acquisition.errors import FileRefused, UserError
from learning.datasets.gaze import FoundGaze, shown_at
from learning.datasets.gaze_formats import find_format
from learning.datasets.gaze_logs import on_clock
from tests.learning.datasets.look_alikes import write


def test_a_miceye_log_has_a_reading_a_line(tmp_path: Path) -> None:
    lines = [
        r"some-dir/9063823L.png;1;[[206, 412], [206, 412], [205, 411]];[];(-1, -1)",
        r"some\dir\9000099R.png;0;[];[(1, 2, 3, 4)];(5, 6)",
        "",
        r"some-dir/9063823R.png;2;[(1, 2)];[];(-1, -1)",
    ]
    write(tmp_path / "Zwetschge2021-9-17-15-3.csv", "\n".join(lines))
    write(tmp_path / "Zwetschge2021-9-18-9-30.csv", lines[3])
    first, second, third = find_format("miceye").read(tmp_path)
    assert (first.image, first.reader, first.height_px) == ("some-dir/9063823L.png", "Zwetschge", 800.0)
    np.testing.assert_allclose(first.samples, [[206, 412, 0], [206, 412, 1 / 60], [205, 411, 2 / 60]])
    assert second.image == third.image == "some-dir/9063823R.png"
    assert second.reader == third.reader == "Zwetschge"


def test_a_mcgip_file_has_one_reading_on_a_canvas_of_800_px(tmp_path: Path) -> None:
    write(
        tmp_path / "a" / "9063823L.json",
        '{"gaze": [[1, 2], [3, 4]], "img": "9063823L.png", "case": "9063823", "gt": 1}',
    )
    write(tmp_path / "empty.json", '{"gaze": [], "img": "b.png"}')
    (found,) = find_format("mcgip").read(tmp_path)
    assert (found.image, found.height_px) == ("9063823L.png", 800.0)
    np.testing.assert_allclose(found.samples[:, :2], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("name", "file", "text", "sentence"),
    [
        ("miceye", "a.txt", "", r"holds no MicEye log \(\*\.csv\)"),
        ("miceye", "a.csv", "a.png;1", "a.csv, line 1: is no line of MicEye"),
        ("miceye", "a.csv", "a.png;1;[[1, 2;[];()", "line 1: its points are no list"),
        ("miceye", "a.csv", "a.png;1;[[1, 2], [3]];[];()", "line 1: its points are no list"),
        ("miceye", "a.csv", "a.png;1;7;[];()", "line 1: its points are no list"),
        *(
            (
                name,
                file,
                start + points + end,
                rf"{place}: its points are no list .*: point {told} and not two",
            )
            for name, file, start, end, place in (
                ("miceye", "a.csv", "a.png;1;", ";[];()", r"a\.csv, line 1"),
                ("mcgip", "a.json", '{"img": "a.png", "gaze": ', "}", r"a\.json"),
            )
            for points, told in (
                ("[[1, 2, 0], [3, 4, 1], [5, 6, 2], [7, 8, 3]]", r"1 is \[1, 2, 0\]"),
                ("[1, 2, 3, 4]", "1 is 1"),
                ("[[1, 2], [3]]", r"2 is \[3\]"),
                ('[[1, 2], [3, "4"]]', r"2 is \[3, '4'\]"),
                ("[[1, 2], [3, 1e999]]", r"2 is \[3, inf\]"),
            )
        ),
        ("mcgip", "a.txt", "", "holds no McGIP gaze"),
        ("mcgip", "a.json", "[1, 2]", "is no gaze of McGIP"),
        ("mcgip", "a.json", '{"img": "a.png"}', "is no gaze of McGIP"),
        ("mcgip", "a.json", '{"img": "a.png", "gaze": "here"}', "its points are no list"),
    ],
)
def test_what_is_no_log_is_refused_with_its_place(
    tmp_path: Path, name: str, file: str, text: str, sentence: str
) -> None:
    write(tmp_path / file, text)
    with pytest.raises(FileRefused, match=sentence):
        find_format(name).read(tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [("miceye", "a.csv", "a.png;1;{};[];()"), ("mcgip", "a.json", '{{"img": "a.png", "gaze": {}}}')],
)
def test_gaze_below_the_height_assumed_asks_for_the_height(
    tmp_path: Path, name: str, file: str, text: str
) -> None:
    write(tmp_path / file, text.format("[[100, 800], [400, 800]]"))
    assert {each.height_px for each in shown_at(find_format(name).read(tmp_path), None)} == {800.0}
    write(tmp_path / file, text.format("[[100, 200], [400, 893]]"))
    readings = find_format(name).read(tmp_path)
    with pytest.raises(UserError, match=r"on 'a\.png' reaches y = 893 px, .* 800 px high; .* --gaze-height"):
        shown_at(readings, None)
    assert {each.height_px for each in shown_at(readings, 900.0)} == {900.0}
    assert {each.height_px for each in shown_at(readings, 800.0)} == {800.0}


def test_shares_of_an_image_keep_no_height() -> None:
    map_of_shares = FoundGaze("a.png", "r", on_clock(np.array([[0.5, 1.5]])), None)
    for height_px in (None, 900.0):
        assert shown_at([map_of_shares], height_px) == [map_of_shares]
