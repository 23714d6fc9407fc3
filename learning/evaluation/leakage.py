"""What must not reach an encoder before it is judged: the patients it is judged on, and their images."""

from __future__ import annotations

from collections.abc import Sequence

from acquisition.errors import UserError
from learning.evaluation.entrants import Arm, Entrant
from learning.files import SetManifest, load_run
from learning.labels import Labelled


def check_leakage(
    arms: Sequence[Arm], manifest: SetManifest, held_out: Labelled, *, is_declared: bool
) -> bool:
    """Whether an encoder learnt from patients or images it is judged on.

    Args:
        arms: the arms; weights of which no run tells are taken at their word, see `past_is_known`.
        manifest: the set to judge on.
        held_out: its images that are judged.
        is_declared: somebody said that they know.

    Raises:
        UserError: it did, and that was not declared.
    """
    found = False
    for arm, entrant in [(each, entrant) for each in arms for entrant in each.entrants]:
        said = _shared_patients(arm, entrant, held_out) or _shared_images(entrant, manifest, held_out)
        if said and not is_declared:
            raise UserError(
                f"{said}; evaluate on the set it was made from, or declare the overlap with "
                "--may-share-patients."
            )
        found = found or bool(said)
    return found


def past_is_known(arms: Sequence[Arm], manifest: SetManifest) -> bool:
    """Whether the guard could see all: patients are told apart within a set, as far as runs tell of them."""
    is_known = all(entrant.past.is_known for arm in arms for entrant in arm.entrants)
    return is_known and all(
        arm.record is None or arm.record.set_sha256 == manifest.learnt_sha256 for arm in arms
    )


def _shared_patients(arm: Arm, entrant: Entrant, held_out: Labelled) -> str:
    shared = set(held_out.patients.tolist()) & set(entrant.past.patients)
    if not shared:
        return ""
    return f"{entrant.run or arm.name} learnt from {len(shared)} of the patients it would be judged on"


def _shared_images(entrant: Entrant, manifest: SetManifest, held_out: Labelled) -> str:
    """The same picture under two patients, where the encoder learnt from this set."""
    if entrant.run is None or load_run(entrant.run).set_sha256 != manifest.learnt_sha256:
        return ""
    learnt = {manifest.files.get(entry.file) for entry in manifest.of_part("pretrain")} - {None}
    shared = [entry.id for entry in held_out.entries if manifest.files.get(entry.file) in learnt]
    if not shared:
        return ""
    return (
        f"{entrant.run} learnt from {len(shared)} pictures that it would be judged on, there under another "
        f"patient (for instance {shared[0]})"
    )
