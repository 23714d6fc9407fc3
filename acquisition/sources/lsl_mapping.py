"""What the channels of an unknown LSL stream mean, as a user writes it into a file.

    [channels]
    "gaze left x" = { role = "left_x", unit = "pixels" }
    4 = { role = "left_pupil_mm", scale = 0.001 }

A channel is named by its label, or counted from 1. Only the channels in the file have a role.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acquisition.domain import Display
from acquisition.errors import FileRefused, SourceError
from acquisition.sources.base import Channel
from acquisition.sources.lsl_channels import ROLES, Description, plain_channels, unit_scales

FIELDS = ("role", "unit", "scale")
_ONE_LINE = 'for instance "gaze x" = { role = "both_x", unit = "pixels" }'


@dataclass(frozen=True, slots=True)
class ChannelRole:
    """What one channel is."""

    role: str
    unit: str
    scale: float
    """Factor to the unit of the role."""


@dataclass(frozen=True, slots=True)
class ChannelFile:
    """What a file says of the channels that it names."""

    path: Path
    roles: Mapping[str, ChannelRole]
    """By label, or by number from 1."""

    def channels(self, descriptions: Sequence[Description], dtype: str) -> tuple[Channel, ...]:
        """The channel table of a stream, with the roles of this file and no others.

        Raises:
            SourceError: the stream has no such channel.
        """
        plain = plain_channels(descriptions, dtype)
        by_number = {str(number): channel.label for number, channel in enumerate(plain, start=1)}
        labels = {channel.label for channel in plain}
        meant: dict[str, ChannelRole] = {}
        for name, role in self.roles.items():
            label = name if name in labels else by_number.get(name)
            if label is None or label in meant:
                fault = "names a channel twice" if label else "names a channel that the stream has not"
                raise SourceError(
                    f"{self.path}, [channels] {name!r}: it {fault}: choose among 1 to {len(plain)} or"
                    f" {', '.join(sorted(labels))}."
                )
            meant[label] = role
        return tuple(_as_meant(channel, meant.get(channel.label)) for channel in plain)


def read_channel_file(path: Path, display: Display) -> ChannelFile:
    """Read what a user says of a stream's channels; pixels are those of the display.

    Raises:
        FileRefused: it cannot be read, or a field of it cannot be understood; the sentence says which.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileRefused(f"{path} cannot be read ({error.strerror}): give a file of channels.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileRefused(f"{path} is no TOML file ({error}): mend it there.") from error
    table = said.get("channels")
    if not isinstance(table, dict) or not table:
        raise FileRefused(f"{path} has no table [channels]: write one, {_ONE_LINE}.")
    roles = {name: _role(path, name, entry, display) for name, entry in table.items()}
    given = [entry.role for entry in roles.values()]
    twice = next((role for role in given if given.count(role) > 1), "")
    if twice:
        raise FileRefused(f"{path}, [channels]: two channels have the role {twice}: leave it to one.")
    if not any({f"{side}_x", f"{side}_y"} <= set(given) for side in ("left", "right", "both")):
        raise FileRefused(
            f"{path}, [channels]: no eye has both x and y: add left_x and left_y, or both_x ..."
        )
    return ChannelFile(path, roles)


def example_file(descriptions: Sequence[Description]) -> str:
    """A file for this stream, to be edited: it takes the first two channels for x and y of both eyes."""
    labels = [channel.label for channel in plain_channels(descriptions, "<f8")]
    # A string of JSON is one of TOML, once DEL is escaped as well.
    names = [json.dumps(label, ensure_ascii=False).replace("\x7f", "\\u007f") for label in labels]
    entries = zip(names, ("both_x", "both_y"), strict=False)
    lines = [f'{name} = {{ role = "{role}", unit = "pixels" }}' for name, role in entries]
    return "\n".join(["[channels]", *lines])


def _as_meant(channel: Channel, meant: ChannelRole | None) -> Channel:
    if meant is None:
        return channel
    return replace(channel, unit=meant.unit or channel.unit, role=meant.role, scale=meant.scale)


def _role(path: Path, name: str, entry: Any, display: Display) -> ChannelRole:
    """One line of the file."""
    where = f"{path}, [channels] {name!r}"
    if not isinstance(entry, dict) or "role" not in entry:
        raise FileRefused(f"{where}: it has no role: write {_ONE_LINE}.")
    strange = next((field for field in entry if field not in FIELDS), "")
    if strange:
        raise FileRefused(f"{where}: there is no field {strange!r}: choose {', '.join(FIELDS)}.")
    role, unit = str(entry["role"]), str(entry.get("unit", ""))
    if role not in ROLES:
        raise FileRefused(f"{where}: there is no role {role!r}: choose {', '.join(ROLES)}.")
    scales = unit_scales(role, display)
    scale = entry.get("scale", scales.get(unit))
    if scale is None:
        units = ", ".join(filter(None, scales))
        raise FileRefused(
            f"{where}: {role} is not in {unit!r}: choose the unit among {units}, or give a scale."
        )
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not math.isfinite(scale) or not scale:
        raise FileRefused(f"{where}: the scale {scale!r} is no factor: give a number, or a unit instead.")
    return ChannelRole(role, unit, float(scale))
