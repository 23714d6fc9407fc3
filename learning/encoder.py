"""Encoders: any backbone of timm on grey images, and the file in which they leave."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from acquisition.errors import FileRefused, UserError
from learning.storage import file_hash, written_whole

_seeding = threading.Lock()


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Weights made inside are the same for the same seed; nobody else's random numbers change."""
    # Weights are drawn from torch's global generator, which other arms may be drawing from, too.
    with _seeding, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def create_encoder(backbone: str) -> nn.Module:
    """An untrained encoder: images (B, 1, S, S) to features (B, D).

    Raises `UserError` for a backbone that timm does not know.
    """
    if not timm.is_model(backbone):
        raise UserError(
            f"There is no backbone '{backbone}'; timm.list_models() names them, for instance resnet18."
        )
    encoder: nn.Module = timm.create_model(backbone, in_chans=1, num_classes=0)
    return encoder


def n_features(encoder: nn.Module) -> int:
    """D, the width of an encoder's features."""
    return int(encoder.num_features)  # type: ignore[arg-type]


def save_encoder(path: Path, encoder: nn.Module) -> str:
    """Write safetensors for `timm.create_model(..., in_chans=1, num_classes=0)`; returns their hash."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in encoder.state_dict().items()}
    with written_whole(path) as file:
        file.write(save(tensors))
    return file_hash(path)


def load_encoder(path: Path, backbone: str) -> nn.Module:
    """An encoder from its file; every key must be there and none besides."""
    encoder = create_encoder(backbone)
    try:
        encoder.load_state_dict(load_file(path), strict=True)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise FileRefused(f"{path} does not hold a {backbone}: {error}.") from error
    return encoder


@torch.inference_mode()
def features(
    encoder: nn.Module, images: NDArray[np.uint8], device: torch.device, batch_size: int = 64
) -> Tensor:
    """(n, D) float32 features of 8-bit images (n, S, S), in evaluation mode, on the CPU."""
    was_training = encoder.training
    encoder.eval()
    batches = torch.split(torch.from_numpy(images).unsqueeze(1), batch_size)
    made = [encoder(as_input(batch.to(device))).float().cpu() for batch in batches]
    encoder.train(was_training)
    return torch.cat(made)


def as_input(images: Tensor) -> Tensor:
    """8-bit images as the encoder sees them: about -1 to 1."""
    return images.float() / 127.5 - 1
