"""Report templates: those that ship, those that a researcher adds, and files that are none."""

from pathlib import Path

import pytest
from reading_fakes import TEMPLATES, an_image

from acquisition.domain import Assessment
from app.read.templates import (
    Template,
    TemplateError,
    answer,
    answered,
    load_template,
    load_templates,
    template_for,
    unanswered,
)

OWN = """
name = "Wrist"
modalities = ["DX"]
body_parts = ["WRIST"]
[choices]
bones = ["radius", "ulna", "scaphoid"]
[[case]]
name = "impression"
choices = ["normal", "fracture"]
is_required = true
[[finding]]
name = "fracture"
[[finding.question]]
name = "bone"
title = "Bone"
choices = "bones"
is_many = true
"""


def fitting(modality: str, body_part: str = "") -> Template:
    return template_for(TEMPLATES, [an_image(modality=modality, body_part=body_part)])


@pytest.mark.parametrize(
    ("modality", "body_part", "name"),
    [
        ("MG", "BREAST", "Mammography"),
        ("MG", "", "Mammography"),
        ("DX", "KNEE", "Knee, Kellgren-Lawrence"),
        ("CR", "CHEST", "Chest"),
        ("PX", "JAW", "Dental, per tooth"),
        ("CR", "", "General"),
        ("US", "BREAST", "General"),
    ],
)
def test_what_is_asked_depends_on_what_is_shown(modality: str, body_part: str, name: str) -> None:
    assert fitting(modality, body_part).name == name


def test_a_mammogram_is_asked_in_the_words_of_the_lexicon() -> None:
    template = fitting("MG")
    assert [finding.name for finding in template.findings] == [
        "mass",
        "calcification",
        "asymmetry",
        "distortion",
        "other",
    ]
    assert {question.name: question.choices for question in template.finding("mass").questions}["margin"] == (
        "circumscribed",
        "obscured",
        "microlobulated",
        "indistinct",
        "spiculated",
    )
    density = template.question("density")
    assert density is not None
    assert density.choices == ("A", "B", "C", "D")


def test_every_tooth_of_both_dentitions_can_be_named() -> None:
    [tooth, *_] = fitting("PX", "JAW").finding("caries").questions
    permanent = {f"{quadrant}{number}" for quadrant in range(1, 5) for number in range(1, 9)}
    primary = {f"{quadrant}{number}" for quadrant in range(5, 9) for number in range(1, 6)}
    assert set(tooth.choices) == permanent | primary


def test_a_knee_is_graded_on_both_sides_before_it_is_committed() -> None:
    template, said = fitting("DX", "KNEE"), Assessment("r")
    for name in ("KL right", "KL left"):
        missing = unanswered(template, said)
        assert missing is not None
        assert (missing.name, missing.choices[:5]) == (name, ("0", "1", "2", "3", "4"))
        said = answered(said, name, ("3",))
    assert unanswered(template, said) is None
    assert said == Assessment("r", answers={"KL right": ("3",), "KL left": ("3",)})


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_answer_can_be_given_and_taken_back(template: Template) -> None:
    for question in template.questions:
        chosen = question.choices if question.is_many else question.choices[-1:]
        said = answered(Assessment("r"), question.name, chosen)
        assert answer(said, question.name) == chosen
        assert answered(said, question.name, ()) == Assessment("r")


def test_a_researcher_adds_one_that_comes_before_those_that_ship(tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    (own / "wrist.toml").write_text(OWN, encoding="utf-8")
    (own / "mine.toml").write_text('name = "My breasts"\nmodalities = ["MG"]\n[[finding]]\nname = "x"\n')
    templates = (*load_templates(own, tmp_path / "nowhere"), *TEMPLATES)
    wrist = template_for(templates, [an_image(modality="DX", body_part="WRIST")])
    [bone] = wrist.finding("fracture").questions
    assert (bone.choices, bone.is_many) == (("radius", "ulna", "scaphoid"), True)
    assert template_for(templates, [an_image()]).name == "My breasts"


def test_of_a_finding_that_is_in_no_template_nothing_is_asked() -> None:
    assert fitting("MG").finding("of a former template").questions == ()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("name = ", "no report template"),
        ('name = "a"', "no \\[\\[finding\\]\\]"),
        ('[[finding]]\nname = "x"', "the template has no name"),
        ('name = "a"\n[[finding]]\nname = ""', "a finding has no name"),
        ('name = "a"\ncolour = 1\n[[finding]]\nname = "x"', "has colour, which means nothing"),
        ('name = "a"\nmodalities = "MG"\n[[finding]]\nname = "x"', "modalities is no list of words"),
        ('name = "a"\nfinding = "x"', "write \\[\\[finding\\]\\]"),
        ('name = "a"\n[[finding]]\nname = "x"\n[[finding]]\nname = "x"', "finding x is there twice"),
        (
            'name = "a"\n[[case]]\nname = "q"\nchoices = ["1"]\n[[finding]]\nname = "x"',
            "less than two choices",
        ),
        (
            'name = "a"\n[[case]]\nname = "q"\nchoices = ["1", "1"]\n[[finding]]\nname = "x"',
            "1 is there twice",
        ),
        ('name = "a"\n[[case]]\nname = "q"\nchoices = "teeth"\n[[finding]]\nname = "x"', "less than two"),
        (
            'name = "a"\n[[case]]\nname = "birads"\nchoices = ["3", "9"]\n[[finding]]\nname = "x"',
            "not among 0 to 6",
        ),
        (
            'name = "a"\n[[case]]\nname = "q"\nis_many = 1\nchoices = ["1", "2"]\n[[finding]]\nname = "x"',
            "is_many of q is no bool",
        ),
    ],
)
def test_what_is_no_template_is_told_in_one_sentence_with_its_file(
    tmp_path: Path, words: str, problem: str
) -> None:
    (tmp_path / "own.toml").write_text(words)
    with pytest.raises(TemplateError, match=f"(?s)^own.toml: .*{problem}.*mend the file"):
        load_templates(tmp_path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.toml").mkdir()
    with pytest.raises(TemplateError, match=r"^own.toml: cannot be read"):
        load_template(tmp_path / "own.toml")


def test_a_case_that_no_template_fits_is_told() -> None:
    only_knees = [template for template in TEMPLATES if template.body_parts == ("KNEE",)]
    with pytest.raises(TemplateError, match="No report template fits"):
        template_for(only_knees, [an_image()])
