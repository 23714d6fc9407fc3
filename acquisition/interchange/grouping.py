"""Which images make a case, and whose they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from acquisition.domain import Case, new_id
from acquisition.interchange.tables import ImageNames, Table, refuse_unknown

CaseBy = Literal["study", "folder", "patient"]


@dataclass(frozen=True, slots=True)
class Member:
    """An image as the grouping sees it."""

    image_id: str
    path: Path
    sop_instance_uid: str
    study: str
    patient: str
    is_simulated: bool
    case: Case | None = None
    """The case it is in already; None for a newcomer."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a rule says of an image: members with the same key make a case."""

    key: str
    patient_key: str
    title: str = ""
    """Empty for a running number."""


Rule = Callable[[Member], Place | None]
"""None for an image that the rule does not know."""


def place_by_study(member: Member) -> Place:
    """A case is a study."""
    return Place(member.study, member.patient)


def place_by_patient(member: Member) -> Place:
    """A case is all there is of a patient."""
    return Place(member.patient, member.patient)


def place_by_folder(member: Member) -> Place:
    """A case is a folder, and so is a patient.

    This is for files whose identifiers were scattered on the way (another PatientID for every view) and can
    no longer tell who is who; a patient in two folders would count as two.
    """
    return Place(str(member.path.parent), str(member.path.parent))


RULES: dict[CaseBy, Rule] = {
    "study": place_by_study,
    "folder": place_by_folder,
    "patient": place_by_patient,
}


def place_by_table(table: Table, names: ImageNames) -> Rule:
    """A case is what the columns `image` and `case` say; a column `patient` overrules the PatientID.

    Raises:
        UserError: where a column is missing or an image is unknown.
    """
    table.require_one_of(["image"])
    table.require_one_of(["case"])
    found = [(names.find(row["image"]), row) for row in table.rows]
    refuse_unknown(table, "image", [row["image"] for image_id, row in found if image_id is None])
    rows = dict(found)

    def place(member: Member) -> Place | None:
        if row := rows.get(member.image_id):
            return Place(row["case"], row.get("patient") or member.patient, title=row["case"])
        return Place(member.case.title, member.patient) if member.case else None

    return place


def arrange(members: Iterable[Member], n_cases: int, rule: Rule) -> dict[str, Case]:
    """The case of every member, by image id: its own, that of its kin, or a new one.

    New cases get a running number for their title, because names of folders and patients may tell names or
    the truth. Members that the rule does not know are left out.

    Args:
        members: those with a case first.
        n_cases: how many cases there are; numbers go on from there.
        rule: what makes a case.
    """
    case_of: dict[str, Case] = {}
    by_key: dict[str, Case] = {}
    for member in members:
        place = rule(member)
        if place is None:
            continue
        case = member.case or by_key.get(place.key)
        if case is None:
            n_cases += 1
            title = place.title or f"Case {n_cases:03d}"
            case = Case(new_id("case"), title, place.patient_key, n_cases, member.is_simulated)
        by_key.setdefault(place.key, case)
        case_of[member.image_id] = case
    return case_of
