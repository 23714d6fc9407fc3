"""Tufts Dental Database: 1,000 panoramic radiographs, with an expert's findings and gaze.

    Radiographs/<number>.JPG
    Expert/expert.json          a list: External ID (the file), Label.objects[]: polygons, classifications
    Expert/gaze_map/gray/<number>.jpg

`polygons` is a list of lists of points [x, y], or the word none; `classifications` a list of value and answer
(or answers), or the word none.

`abnormality` is none where no object has polygons, present otherwise; `category` is the word that the
classification `level_four` has (trauma, inflammation, ...), `several` where objects differ, and is missing
where there is none. A radiograph stands for a patient: the release tells no other. There is no split.
Crops are the boxes around polygons, all those of one object together.

The gaze maps are a gaze format, not part of this: --gaze heatmap:FOLDER/Expert/gaze_map/gray.

Source: Panetta et al. 2022, IEEE JBHI 26(4):1650-1659, doi:10.1109/JBHI.2021.3117575, https://tdd.ece.tufts.edu/;
the folders as at https://github.com/FrankWuuu/Tufts-dental-dataset-to-COCO and in
https://github.com/zhaozh10/McGIP (downstream/utils/dentalMoment.py); expert.json as it is read in
https://github.com/sopmacvan/tdd-model (tdd_utils/dataset.py) and
https://github.com/gopimeruva/Dental_Xray_Anamoly_Detection (TUFTS-project/data_aggregation.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from learning.datasets.found import (
    FoundImage,
    NotThisLayout,
    box_around,
    is_point,
    need_file,
    need_folder,
    some,
)

TITLE = "the Tufts Dental Database"
SOURCE = "Panetta et al. 2022, doi:10.1109/JBHI.2021.3117575"

LEAST_POINTS = 3
"""A polygon with fewer has no area."""
NOTHING = "none"
"""Stands where nothing was drawn or classified."""

Polygon = list[tuple[float, float]]


@dataclass(frozen=True)
class _Drawn:
    """One object that the expert drew."""

    polygons: list[Polygon]
    words: list[str]
    """Its categories."""


def read(folder: Path) -> list[FoundImage]:
    """Every radiograph that the expert described."""
    return [image for image, _ in _described(folder)]


def read_crops(folder: Path) -> list[FoundImage]:
    """Every object that the expert drew."""
    crops = []
    for image, objects in _described(folder):
        for each in objects:
            points = [point for polygon in each.polygons if len(polygon) >= LEAST_POINTS for point in polygon]
            if points:
                labels = {"abnormality": "present"} | _category([each])
                crops.append(replace(image, labels=labels, crop_px=box_around(points)))
    return some(crops, folder / "Expert", "drawn object")


def _described(folder: Path) -> Iterator[tuple[FoundImage, list[_Drawn]]]:
    """Each radiograph and the objects that were drawn on it."""
    films = need_folder(folder / "Radiographs", TITLE)
    table = need_file(need_folder(folder / "Expert", TITLE) / "expert.json", TITLE)
    by_name = {path.name.lower(): path for path in films.iterdir()}
    for name, objects in _entries(table):
        if name.lower() not in by_name:
            raise NotThisLayout(f"{films} has no radiograph {name}, which {table} describes.")
        drawn = [each for each in objects if each.polygons]
        labels = {"abnormality": "present" if drawn else "none"} | _category(drawn)
        yield FoundImage(by_name[name.lower()], name, labels), drawn


def _entries(table: Path) -> list[tuple[str, list[_Drawn]]]:
    """The list in expert.json: each radiograph's name and what was said of it."""
    try:
        entries = [
            (str(entry["External ID"]), [_object(each, entry) for each in entry["Label"]["objects"]])
            for entry in json.loads(table.read_bytes())
        ]
    except NotThisLayout as error:
        raise NotThisLayout(f"{table}: {error}") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise NotThisLayout(
            f"{table} is no list of radiographs with External ID and Label.objects (polygons, ...)."
        ) from error
    if not entries:
        raise NotThisLayout(f"{table} describes no radiograph.")
    return entries


def _object(found: dict[str, Any], entry: dict[str, Any]) -> _Drawn:
    polygons = [] if found["polygons"] == NOTHING else found["polygons"]
    if not isinstance(polygons, list) or not all(map(_is_polygon, polygons)):
        raise NotThisLayout(
            f"the polygons on {entry['External ID']} are neither lists of points [x, y] nor the word none; "
            "compare it with the release."
        )
    return _Drawn([[(float(x), float(y)) for x, y in polygon] for polygon in polygons], _words(found))


def _is_polygon(found: object) -> bool:
    return isinstance(found, list) and all(map(is_point, found))


def _category(objects: list[_Drawn]) -> dict[str, str]:
    words = {word for each in objects for word in each.words}
    if not words:
        return {}
    return {"category": words.pop() if len(words) == 1 else "several"}


def _words(found: dict[str, Any]) -> list[str]:
    """What the classification level_four says of an object: one answer or several."""
    words = []
    classifications = found.get("classifications", NOTHING)
    for each in [] if classifications == NOTHING else classifications:
        if each["value"] == "level_four":
            answers = [each["answer"]] if "answer" in each else each.get("answers", [])
            words += [str(answer["value"]) for answer in answers]
    return words
