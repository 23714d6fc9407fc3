from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from acquisition.errors import UserError
from learning.encoder import create_encoder, save_encoder
from learning.evaluation.entrants import arm_without_run
from learning.evaluation.foreign import GreyAsColour, foreign_encoder
from learning.sensing import places


def colour_file(path: Path, name: str = "test_vit", **options: object) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    weights = timm.create_model(name, **options).state_dict()
    save_file(weights, path)
    return dict(weights)


def greys(side: int = 96) -> torch.Tensor:
    return torch.linspace(-1, 1, 2 * side * side).view(2, 1, side, side)


def test_a_colour_encoder_sees_grey_as_it_was_trained_to_see_colour(tmp_path: Path) -> None:
    weights = colour_file(tmp_path / "w.safetensors", num_classes=7)
    encoder = foreign_encoder("test_vit", 160, str(tmp_path / "w.safetensors")).eval()
    assert isinstance(encoder, GreyAsColour)
    theirs = timm.create_model("test_vit", num_classes=7).eval()
    theirs.load_state_dict(weights)
    facts = theirs.pretrained_cfg
    mean, sd = (torch.tensor(facts[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    coloured = ((greys(160) + 1) / 2).expand(-1, 3, -1, -1)
    expected = theirs.forward_head(theirs.forward_features((coloured - mean) / sd), pre_logits=True)
    torch.testing.assert_close(encoder(greys(160)), expected)
    assert encoder(greys(160)).shape == (2, encoder.num_features)


def test_a_transformers_places_stretch_to_another_size(tmp_path: Path) -> None:
    colour_file(tmp_path / "w.safetensors")
    encoder = foreign_encoder("test_vit", (96, 64), str(tmp_path / "w.safetensors")).eval()
    assert places(encoder, torch.zeros(1, 1, 64, 96)).shape == (1, 64, 4, 6)
    with pytest.raises(UserError, match=r"multiples of 16 px, not 100.*test_vit@256"):
        foreign_encoder("test_vit", 100, str(tmp_path / "w.safetensors"))


def test_our_own_file_is_loaded_as_a_runs_encoder_is(tmp_path: Path) -> None:
    made = create_encoder("test_resnet", 32).eval()
    save_encoder(tmp_path / "own.safetensors", made)
    encoder = foreign_encoder("test_resnet", 32, str(tmp_path / "own.safetensors")).eval()
    torch.testing.assert_close(encoder(greys(32)), made(greys(32)))


def test_every_weight_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    weights = colour_file(path, "test_resnet")
    save_file({name: tensor for name, tensor in weights.items() if name != "layer4.0.conv1.weight"}, path)
    with pytest.raises(UserError, match=r"1 of its \d+ weights are missing \(layer4.0.conv1.weight\)"):
        foreign_encoder("test_resnet", 32, str(path))
    save_file(weights | {"extra": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=r"1 weights too many \(extra\)"):
        foreign_encoder("test_resnet", 32, str(path))
    with pytest.raises(UserError, match="does not hold a test_vit"):
        foreign_encoder("test_vit", 32, str(path))


class Payload:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("was-run"),)


def test_what_is_pickled_into_a_file_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"conv1.weight": Payload()}, "weights.pth")
    arm = arm_without_run("weights.pth:test_resnet@32", [])
    with pytest.raises(UserError, match="holds more than tensors and was not opened; use safetensors"):
        arm.entrants[0].create()
    assert not Path("was-run").exists()


def test_weights_that_cannot_be_fetched_get_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(timm, "create_model", no_network)
    with pytest.raises(UserError, match=r"not on this machine .* --arm PATH.safetensors:resnet18"):
        arm_without_run("imagenet:resnet18", []).entrants[0].create()
