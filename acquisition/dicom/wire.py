"""A decoded image as plain JSON and a list of arrays, and back: how it comes from a worker process."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.dicom.image import DicomImage, ImageHeader
from acquisition.dicom.overlays import Overlay, OverlayKind
from acquisition.domain import Laterality, SpacingBasis
from acquisition.greyscale import Greyscale, LookupTable, Voi, VoiFunction, Window
from acquisition.hanging import Found

Json = dict[str, Any]
Arrays = list[NDArray[Any]]


def pack_image(image: DicomImage) -> tuple[Json, Arrays]:
    """The message of an image, which names its arrays by their place in the list."""
    arrays: Arrays = [image.pixels]
    stored = image.stored
    modality = stored.modality_lut
    message = {
        "header": pack_header(image.header),
        "frame": image.frame,
        "greyscale": {
            "bits": stored.bits,
            "is_signed": stored.is_signed,
            "slope": stored.slope,
            "intercept": stored.intercept,
            "modality_lut": None if modality is None else _pack_voi(modality, arrays),
            "function": stored.function,
            "vois": [_pack_voi(voi, arrays) for voi in stored.vois],
            "is_inverted": stored.is_inverted,
            "padding": stored.padding,
        },
        "overlays": [_pack_overlay(overlay, arrays) for overlay in image.overlays],
    }
    return message, arrays


def unpack_image(message: Json, arrays: Arrays) -> DicomImage:
    """The image of a message; its pixels are `arrays[0]` itself."""
    greyscale = message["greyscale"]
    modality, padding = greyscale["modality_lut"], greyscale["padding"]
    unpacked = {
        "modality_lut": None if modality is None else _unpack_voi(modality, arrays),
        "function": VoiFunction(greyscale["function"]),
        "vois": tuple(_unpack_voi(voi, arrays) for voi in greyscale["vois"]),
        "padding": None if padding is None else tuple(padding),
    }
    return DicomImage(
        header=unpack_header(message["header"]),
        frame=message["frame"],
        pixels=arrays[0],
        stored=Greyscale(**(greyscale | unpacked)),
        overlays=tuple(_unpack_overlay(overlay, arrays) for overlay in message["overlays"]),
    )


def pack_header(header: ImageHeader) -> Json:
    """The message of a header."""
    message = {field.name: getattr(header, field.name) for field in fields(header)}
    for name in ("laterality", "view", "spacing_mm"):
        message[name] = {"value": message[name].value, "where": message[name].where}
    return message | {"path": str(header.path)}


def unpack_header(message: Json) -> ImageHeader:
    """The header of a message."""
    side, view, spacing = (message[name] for name in ("laterality", "view", "spacing_mm"))
    unpacked = {
        "path": Path(message["path"]),
        "laterality": Found(Laterality(side["value"]), side["where"]),
        "view": Found(view["value"], view["where"]),
        "view_modifiers": tuple(message["view_modifiers"]),
        "orientation": tuple(message["orientation"]),
        "spacing_mm": Found(spacing["value"] and tuple(spacing["value"]), spacing["where"]),
        "spacing_basis": SpacingBasis(message["spacing_basis"]),
    }
    return ImageHeader(**(message | unpacked))


def _pack_voi(voi: Voi, arrays: Arrays) -> Json:
    if isinstance(voi, Window):
        return {"center": voi.center, "width": voi.width, "explanation": voi.explanation}
    arrays.append(voi.values)
    place = len(arrays) - 1
    return {"first": voi.first, "bits": voi.bits, "values": place, "explanation": voi.explanation}


def _unpack_voi(message: Json, arrays: Arrays) -> Any:
    if "center" in message:
        return Window(**message)
    return LookupTable(**(message | {"values": arrays[message["values"]]}))


def _pack_overlay(overlay: Overlay, arrays: Arrays) -> Json:
    arrays.append(np.packbits(overlay.bits))
    return {
        "bits": len(arrays) - 1,
        "shape": overlay.bits.shape,
        "x_image_px": overlay.x_image_px,
        "y_image_px": overlay.y_image_px,
        "kind": overlay.kind,
        "label": overlay.label,
        "description": overlay.description,
    }


def _unpack_overlay(message: Json, arrays: Arrays) -> Overlay:
    height, width = message.pop("shape")
    bits = np.unpackbits(arrays[message["bits"]], count=height * width).astype(np.bool_)
    kind = OverlayKind(message["kind"])
    return Overlay(**(message | {"bits": bits.reshape(height, width), "kind": kind}))
