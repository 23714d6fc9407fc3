"""Report templates: what is asked of a case and of each finding, read from TOML files. Knows no Qt.

A researcher adds one by putting a file into the folder `templates` of a store; `docs/templates.md` says
what stands in it. Two questions of a case have a place of their own in an `Assessment`: `birads`, whose
choices are the categories 0 to 6, and `density`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acquisition.domain import Assessment, Image
from acquisition.errors import UserError

BIRADS = "birads"
DENSITY = "density"
SUFFIX = ".toml"


class TemplateError(UserError):
    """A file that is no report template."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to choose."""

    name: str
    """As it is stored."""
    title: str
    """As it is shown."""
    choices: tuple[str, ...]
    is_many: bool = False
    """Whether several choices may be true at once."""
    is_required: bool = False
    """Whether a case cannot be committed without an answer."""


@dataclass(frozen=True, slots=True)
class FindingType:
    """What a mark can be called, and what is then asked of it."""

    name: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """What is asked of cases of a kind."""

    name: str
    modalities: tuple[str, ...]
    """Of the images that it is for; empty for all."""
    body_parts: tuple[str, ...]
    """Likewise."""
    questions: tuple[Question, ...]
    findings: tuple[FindingType, ...]

    def finding(self, name: str) -> FindingType:
        """The type of that name; one of which nothing is asked where the template has none."""
        return next((found for found in self.findings if found.name == name), FindingType(name))

    def question(self, name: str) -> Question | None:
        """The question about the case of that name."""
        return next((question for question in self.questions if question.name == name), None)


def load_templates(*folders: Path) -> tuple[Template, ...]:
    """All templates of some folders, those of the first folder first; a folder may be missing.

    Raises:
        TemplateError: for a file that is none.
    """
    files = [file for folder in folders for file in sorted(folder.glob(f"*{SUFFIX}"))]
    return tuple(map(load_template, files))


def load_template(file: Path) -> Template:
    """One template. Raises `TemplateError` with the name of the file and what is wrong in it."""
    try:
        return _template(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise TemplateError(f"{file.name}: cannot be read ({error.strerror}); check the file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, _Fault) as error:
        raise TemplateError(f"{file.name}: no report template, for {error}; mend the file.") from error


def template_for(templates: Sequence[Template], images: Sequence[Image]) -> Template:
    """The first template made for these images: those that ask for a body part come before all others.

    Raises:
        TemplateError: where none fits and none is for everything.
    """
    fitting = [template for template in templates if _fits(template, images)]
    if not fitting:
        raise TemplateError("No report template fits this case: add one for all modalities.")
    return min(fitting, key=lambda template: (not template.body_parts, not template.modalities))


def answer(assessment: Assessment, question: str) -> tuple[str, ...]:
    """What was chosen; empty where nothing was."""
    if question == BIRADS:
        return () if assessment.birads is None else (str(assessment.birads),)
    if question == DENSITY:
        return (assessment.density,) if assessment.density else ()
    return assessment.answers.get(question, ())


def answered(assessment: Assessment, question: str, chosen: tuple[str, ...]) -> Assessment:
    """With another answer; an empty one takes it back."""
    first = next(iter(chosen), "")
    if question == BIRADS:
        return replace(assessment, birads=int(first) if first else None)
    if question == DENSITY:
        return replace(assessment, density=first)
    return replace(assessment, answers=chosen_of(assessment.answers, question, chosen))


def chosen_of(
    answers: Mapping[str, tuple[str, ...]], question: str, chosen: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Answers with another one; an empty one is none."""
    others = {name: value for name, value in answers.items() if name != question}
    return {**others, question: chosen} if chosen else others


def unanswered(template: Template, assessment: Assessment) -> Question | None:
    """The first question that must be answered and is not."""
    for question in template.questions:
        if question.is_required and not answer(assessment, question.name):
            return question
    return None


class _Fault(Exception):
    """What is wrong, as the end of a sentence."""


def _fits(template: Template, images: Sequence[Image]) -> bool:
    return any(
        (not template.modalities or image.modality in template.modalities)
        and (not template.body_parts or image.body_part in template.body_parts)
        for image in images
    ) or not (template.modalities or template.body_parts)


def _template(values: dict[str, Any]) -> Template:
    _check_names(values, {"name", "modalities", "body_parts", "choices", "case", "finding"}, "the template")
    shared = _typed(values, "choices", dict, {}, "the template")
    findings = tuple(_finding(finding, shared) for finding in _tables(values, "finding"))
    if not findings:
        raise _Fault("it has no [[finding]]")
    template = Template(
        name=_name(values, "the template"),
        modalities=_words(values.get("modalities", []), "modalities"),
        body_parts=_words(values.get("body_parts", []), "body_parts"),
        questions=_questions(values, "case", shared),
        findings=findings,
    )
    _check_once([finding.name for finding in findings], "finding")
    grades = template.question(BIRADS)
    if grades is not None and not set(grades.choices) <= set("0123456"):
        raise _Fault(f"the choices of {BIRADS} are not among 0 to 6")
    return template


def _finding(values: dict[str, Any], shared: dict[str, Any]) -> FindingType:
    _check_names(values, {"name", "question"}, "a finding")
    return FindingType(_name(values, "a finding"), _questions(values, "question", shared))


def _questions(values: dict[str, Any], key: str, shared: dict[str, Any]) -> tuple[Question, ...]:
    questions = tuple(_question(question, shared) for question in _tables(values, key))
    _check_once([question.name for question in questions], "question")
    return questions


def _question(values: dict[str, Any], shared: dict[str, Any]) -> Question:
    name = _name(values, "a question")
    _check_names(values, {"name", "title", "choices", "is_many", "is_required"}, f"the question {name}")
    choices = values.get("choices", [])
    if isinstance(choices, str):
        choices = shared.get(choices, [])
    question = Question(
        name=name,
        title=_typed(values, "title", str, name, name),
        choices=_words(choices, f"choices of {name}"),
        is_many=_typed(values, "is_many", bool, False, name),
        is_required=_typed(values, "is_required", bool, False, name),
    )
    if len(question.choices) < 2:
        raise _Fault(f"the question {name} has less than two choices")
    _check_once(list(question.choices), f"choice of {name}")
    return question


def _name(values: dict[str, Any], what: str) -> str:
    name = values.get("name")
    if not isinstance(name, str) or not name.strip():
        raise _Fault(f"{what} has no name")
    return name


def _typed(values: dict[str, Any], key: str, kind: type[Any], default: Any, what: str) -> Any:
    value = values.get(key, default)
    if not isinstance(value, kind):
        raise _Fault(f"{key} of {what} is no {kind.__name__}")
    return value


def _tables(values: dict[str, Any], key: str) -> list[dict[str, Any]]:
    tables = values.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _Fault(f"{key} is no list of tables: write [[{key}]]")
    return tables


def _words(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise _Fault(f"{what} is no list of words")
    return tuple(value)


def _check_names(values: dict[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise _Fault(f"{what} has {unknown[0]}, which means nothing here")


def _check_once(names: list[str], what: str) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _Fault(f"the {what} {twice} is there twice")
