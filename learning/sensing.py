"""What an encoder takes for alike within an image: cosines between the places of its last feature map.

Letters: B images, D features, h x w places.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from acquisition.errors import UserError
from learning.encoder import as_input
from learning.evaluation.foreign import GreyAsColour

FloatArray = NDArray[np.float64]


def places(encoder: nn.Module, images: Tensor) -> Tensor:
    """(B, D, h, w) the last feature map of images (B, 1, H, W): before pooling, or a transformer's patches.

    Raises `UserError` for a backbone whose features have no places.
    """
    if isinstance(encoder, GreyAsColour):
        return places(encoder.encoder, encoder.coloured(images))
    made: Tensor = encoder.forward_features(images)  # type: ignore[operator]
    if made.ndim == 4:
        # Some of timm's models, Swin for one, have their channels last.
        return made if made.shape[1] == encoder.num_features else made.movedim(3, 1)
    if made.ndim == 3:
        patches = made[:, getattr(encoder, "num_prefix_tokens", 0) :].movedim(2, 1)
        height, width = _grid(encoder, images)
        if patches.shape[2] == height * width:
            return torch.unflatten(patches, 2, (height, width))
    raise UserError(
        f"The features of {type(encoder).__name__} have no places in the image; choose a convolutional "
        "backbone or a vision transformer."
    )


def _grid(encoder: nn.Module, images: Tensor) -> tuple[int, int]:
    patch = getattr(getattr(encoder, "patch_embed", None), "patch_size", 1)
    high, wide = (patch, patch) if isinstance(patch, int) else patch
    return images.shape[2] // high, images.shape[3] // wide


def similarity_map(features: FloatArray, row: int, column: int) -> FloatArray:
    """(h, w) cosine of every place of a feature map (D, h, w) with the one at (row, column); that one is 1.

    A place without any feature is like none: 0.
    """
    length = np.linalg.norm(features, axis=0)
    unit = features / np.where(length > 0, length, 1)
    return np.asarray(np.einsum("dhw,d->hw", unit, unit[:, row, column]).clip(-1, 1))


def place_of(
    point_px: tuple[float, float], box_px: tuple[float, float, float, float], shape: tuple[int, ...]
) -> tuple[int, int]:
    """(row, column) of the place that a point of the image lies in.

    Args:
        point_px: x and y in the image's frame.
        box_px: x, y, width and height of what the encoder sees of it.
        shape: h and w.

    Raises:
        UserError: the encoder does not see the point.
    """
    x, y, width, height = box_px
    across, down = (point_px[0] - x) / width, (point_px[1] - y) / height
    if not (0 <= across < 1 and 0 <= down < 1):
        raise UserError(
            f"The point ({point_px[0]:g}, {point_px[1]:g}) lies outside what an encoder sees of the image: "
            f"x from {x:g} to {x + width:g}, y from {y:g} to {y + height:g}; choose another --point."
        )
    return int(down * shape[0]), int(across * shape[1])


@torch.inference_mode()
def sensed(encoder: nn.Module, image: NDArray[np.uint8], device: torch.device) -> FloatArray:
    """(D, h, w) the feature map of one image (H, W), 8 bit, in evaluation mode."""
    batch = as_input(torch.tensor(image)[None, None].to(device))
    made: FloatArray = places(encoder.to(device).eval(), batch)[0].cpu().numpy().astype(np.float64)
    return made
