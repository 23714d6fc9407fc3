"""Encoders that Gazeroom did not train: ImageNet weights of timm's, or a file of weights under timm's names.

They see grey images as the colour images they were made for: three equal channels, normalised as theirs were.
A file that our own pretraining wrote is known by its single channel and loaded as a run's encoder is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models import PretrainedCfg
from torch import Tensor, nn

from acquisition.errors import UserError
from learning.encoder import IMAGENET, first_line, known_backbone, n_features, read_weights, take_weights
from learning.sizes import told_size, width_and_height


class GreyAsColour(nn.Module):
    """An encoder of colour images that takes grey ones (B, 1, S, S), about -1 to 1."""

    mean: Tensor
    sd: Tensor

    def __init__(self, encoder: nn.Module, mean: tuple[float, ...], sd: tuple[float, ...]) -> None:
        super().__init__()
        self.encoder = encoder
        self.num_features = n_features(encoder)
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("sd", torch.tensor(sd).view(1, -1, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, D) features."""
        made: Tensor = self.encoder(self.coloured(images))
        return made

    def coloured(self, images: Tensor) -> Tensor:
        """(B, 3, H, W), normalised."""
        return ((images + 1) / 2 - self.mean) / self.sd


def foreign_encoder(backbone: str, image_size_px: int | tuple[int, int], start: str) -> nn.Module:
    """An encoder of weights from elsewhere: images (B, 1, H, W) to features (B, D).

    Args:
        backbone: a name of timm's, or a short one of `learning.encoder`.
        image_size_px: side of a square, or (W, H); a transformer's places are stretched to it.
        start: `imagenet`, or a file that holds every weight of the encoder; its classifier is left out.

    Raises:
        UserError: a backbone that timm does not know or that does not take this size, or weights that cannot
            be had, are not all there, or are more than tensors.
    """
    name = known_backbone(backbone)
    weights = None if start == IMAGENET else _without_classifier(name, read_weights(Path(start), backbone))
    config = _facts(name)
    n_channels = 3 if weights is None else _n_channels(config.first_conv, weights)
    with _quiet_hub():
        encoder = _create(name, n_channels, image_size_px, is_pretrained=start == IMAGENET)
    if weights is not None:
        take_weights(encoder, weights, Path(start), backbone)
    return encoder if n_channels == 1 else GreyAsColour(encoder, config.mean, config.std)


def _create(
    name: str, n_channels: int, image_size_px: int | tuple[int, int], *, is_pretrained: bool
) -> nn.Module:
    """A timm model; a colour transformer keeps its own grid of places, which stretches to any size."""
    width, height = width_and_height(image_size_px)
    options: dict[str, Any] = {}
    if _facts(name).fixed_input_size:
        options = {"dynamic_img_size": True} if n_channels == 3 else {"img_size": (height, width)}
    try:
        encoder: nn.Module = timm.create_model(
            name, pretrained=is_pretrained, in_chans=n_channels, num_classes=0, **options
        )
    except (OSError, RuntimeError, TypeError, AssertionError) as error:
        reason = "its ImageNet weights are not on this machine and cannot be fetched" if is_pretrained else ""
        raise UserError(
            f"{name} cannot be made: {reason or first_line(error)}. Give a file of weights by "
            f"--arm PATH.safetensors:{name}, or choose another backbone."
        ) from error
    patch = getattr(getattr(encoder, "patch_embed", None), "patch_size", (1, 1))[0]
    if width % patch or height % patch:
        raise UserError(
            f"{name} takes images whose sides are multiples of {patch} px, not {told_size(image_size_px)}; "
            f"give a size behind its name, for instance {name}@{16 * patch}."
        )
    return encoder


def _without_classifier(name: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    classifiers = _facts(name).classifier or ()
    heads = (classifiers,) if isinstance(classifiers, str) else tuple(classifiers)
    return {
        key: tensor for key, tensor in weights.items() if not key.startswith(tuple(f"{h}." for h in heads))
    }


def _facts(name: str) -> PretrainedCfg:
    """What timm knows of a backbone's weights: normalisation, first and last layer."""
    return timm.models.get_pretrained_cfg(name) or PretrainedCfg()


def _n_channels(first_layer: str | tuple[str, ...] | None, weights: Mapping[str, Tensor]) -> int:
    """1 for our own files, 3 for those made for colour images."""
    name = first_layer[0] if isinstance(first_layer, tuple) else first_layer
    first = weights.get(f"{name}.weight")
    return 3 if first is None or first.ndim < 2 else int(first.shape[1])


@contextmanager
def _quiet_hub() -> Iterator[None]:
    """Without the hub's own words on each try: the sentence at the end says it all."""
    log = logging.getLogger("huggingface_hub")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
