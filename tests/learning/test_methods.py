import numpy as np
import pytest
import torch
from torch import nn

from learning.config import RunConfig, make_config
from learning.encoder import create_encoder, n_features, seeded
from learning.images import Images
from learning.losses import contrastive_loss
from learning.methods import Byol, Made, Moco, SimSiam, create_method, direction_spread
from learning.optimise import create_optimiser
from learning.pairs import Likeness, same_label
from learning.training import Place, Training
from tests.learning.test_losses import naive_cosine_loss

GAZES = ("none", "mcgip", "gzpt", "labels", "random")


@pytest.fixture
def made() -> Made:
    torch.manual_seed(0)
    return Made((torch.randn(6, 9), torch.randn(6, 9)), (torch.randn(6, 9), torch.randn(6, 9)))


def small_encoder() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8))


def tiny(kind: type[Byol] | type[SimSiam] | type[Moco] = Byol) -> Byol | SimSiam | Moco:
    torch.manual_seed(0)
    return kind(small_encoder(), 8)


def shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


def test_byol_adds_both_directions_twice_and_simsiam_halves_them(made: Made) -> None:
    for positives in (torch.eye(6, dtype=torch.bool), torch.ones(6, 6, dtype=torch.bool)):
        there_and_back = sum(
            naive_cosine_loss(predicted, target, positives)
            for predicted, target in zip(made.predicted, made.target, strict=True)
        )
        assert float(tiny(Byol).loss(made, positives)) == pytest.approx(2 * there_and_back, abs=1e-6)
        assert float(tiny(SimSiam).loss(made, positives)) == pytest.approx(there_and_back / 2, abs=1e-6)
    same = Made(made.predicted, made.predicted)
    assert float(tiny(Byol).loss(same, torch.eye(6, dtype=torch.bool))) == pytest.approx(-4, abs=1e-6)
    assert float(tiny(SimSiam).loss(same, torch.eye(6, dtype=torch.bool))) == pytest.approx(-1, abs=1e-6)


def test_each_view_is_asked_for_the_other() -> None:
    view_1, view_2 = torch.randn(2, 5, 1, 4, 4).unbind()
    byol = tiny(Byol).eval()
    assert isinstance(byol, Byol)
    made = byol(view_1, view_2)
    torch.testing.assert_close(made.target, (byol.target(view_2), byol.target(view_1)))
    torch.testing.assert_close(made.predicted[0], byol.predictor(byol.projector(byol.encoder(view_1))))
    simsiam = tiny(SimSiam).eval()
    made = simsiam(view_1, view_2)
    torch.testing.assert_close(made.target[0], simsiam.projector(simsiam.encoder(view_2)))
    assert made.predicted[1].requires_grad
    assert not made.target[0].requires_grad
    moco = tiny(Moco).eval()
    assert isinstance(moco, Moco)
    made = moco(view_1, view_2)
    torch.testing.assert_close(made.predicted, (moco.projector(moco.encoder(view_1)),))
    torch.testing.assert_close(made.target, (moco.target(view_2),))


@pytest.mark.parametrize("kind", [Byol, Moco])
def test_the_target_follows_by_parameters_alone(kind: type[Byol] | type[Moco]) -> None:
    method = tiny(kind)
    assert isinstance(method, Byol | Moco)
    before = {name: tensor.clone() for name, tensor in method.target.state_dict().items()}
    with torch.no_grad():
        for parameter in method.parameters():
            if parameter.requires_grad:
                parameter.add_(1.0)
    method.encoder[2].running_mean.add_(5.0)  # type: ignore[index]
    method.update_target(0.75)
    for name, tensor in method.target.state_dict().items():
        is_statistic = "running" in name or "num_batches" in name
        torch.testing.assert_close(tensor, before[name] + (0 if is_statistic else 0.25))


def test_heads_are_shaped_as_published() -> None:
    byol = tiny(Byol)
    assert shapes(byol.projector) == {
        "0.weight": (16, 8),
        "0.bias": (16,),
        "1.weight": (16,),
        "1.bias": (16,),
        "3.weight": (256, 16),
    }
    assert shapes(byol.predictor)["0.weight"] == (4096, 256)  # type: ignore[arg-type]
    assert shapes(tiny(Moco).projector) == {
        "0.weight": (8, 8),
        "0.bias": (8,),
        "2.weight": (128, 8),
        "2.bias": (128,),
    }
    simsiam = tiny(SimSiam)
    assert isinstance(simsiam, SimSiam)
    assert shapes(simsiam.projector) == {
        "0.weight": (2048, 8),
        "1.weight": (2048,),
        "1.bias": (2048,),
        "3.weight": (2048, 2048),
        "4.weight": (2048,),
        "4.bias": (2048,),
        "6.weight": (2048, 2048),
    }
    assert shapes(simsiam.predictor) == {
        "0.weight": (512, 2048),
        "1.weight": (512,),
        "1.bias": (512,),
        "3.weight": (2048, 512),
        "3.bias": (2048,),
    }


def keys_of(n: int, first: float) -> Made:
    """Keys that tell in their direction which image they are of."""
    angle = first + torch.arange(n) / 10
    rows = torch.stack([angle.cos(), angle.sin()], dim=1)
    return Made((rows,), (3 * rows,))


def test_the_queue_starts_empty_and_the_oldest_leave_first() -> None:
    moco = Moco(small_encoder(), 8, n_out=2, queue_size=5)
    likeness = Likeness(torch.ones(9, 9, dtype=torch.bool))
    draw = torch.Generator()
    assert not moco.positives(likeness, torch.tensor([0, 1]), draw).any()
    batches = ([0, 1], [2, 3], [4, 5], [6, 7])
    for number, batch in enumerate(batches):
        moco.remember(keys_of(2, number), torch.tensor(batch))
    # Five places, batches of two: nothing needs to divide.
    assert sorted(moco.queue_ids.tolist()) == [3, 4, 5, 6, 7]
    for place, image in enumerate(moco.queue_ids.tolist()):
        torch.testing.assert_close(moco.queue[place], keys_of(2, image // 2).predicted[0][image % 2])
    again = Moco(small_encoder(), 8, n_out=2, queue_size=5)
    again.load_state_dict(moco.state_dict())
    torch.testing.assert_close(again.queue_ids, moco.queue_ids)
    assert int(again.next_place) == 8 % 5
    moco.forget()
    assert moco.queue_ids.tolist() == [-1] * 5


def test_mocos_loss_is_that_of_its_queue() -> None:
    torch.manual_seed(0)
    moco = Moco(small_encoder(), 8, n_out=3, queue_size=6, temperature=0.5)
    moco.remember(Made((), (torch.randn(4, 3),)), torch.arange(4))
    made = Made((torch.randn(2, 3),), (torch.randn(2, 3),))
    positives = torch.tensor([[1, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], dtype=torch.bool)
    known = torch.tensor([True] * 4 + [False] * 2)
    expected = contrastive_loss(made.predicted[0], made.target[0], moco.queue, positives, known, 0.5)
    torch.testing.assert_close(moco.loss(made, positives), expected)


def test_spread_of_directions() -> None:
    torch.manual_seed(0)
    assert float(direction_spread(torch.ones(5, 3) * torch.arange(1, 6)[:, None])) == pytest.approx(
        0, abs=1e-3
    )
    assert float(direction_spread(torch.randn(4000, 8))) == pytest.approx(1, abs=0.01)


def likeness_of(config: RunConfig, n: int) -> Likeness:
    """Pairs of a made-up set: none, or images of the same third."""
    classes = torch.arange(n).remainder(3).numpy().astype(str)
    pairs = torch.from_numpy(same_label(classes)) & (config.gaze != "none")
    return Likeness(pairs, config.drop, config.own_copies_are_positive)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("backbone", ["resnet18", "resnet50", "vit_small"])
@pytest.mark.parametrize("method", ["byol", "moco", "simsiam"])
def test_every_method_learns_from_every_gaze_with_every_backbone(method: str, backbone: str) -> None:
    settings = {"method": method, "backbone": backbone, "image_size_px": 32, "batch_size": 4}
    base = make_config(**settings, precision="float32", epochs=2, queue_size=6, learning_rate=1e-4)
    with seeded(0):
        encoder = create_encoder(backbone, 32)
        wrapped = create_method(base, encoder, n_features(encoder))
    pixels = np.random.default_rng(0).integers(256, size=(8, 32, 32), dtype=np.uint8)
    images = Images(pixels, torch.device("cpu"))
    weight = next(iter(encoder.parameters()))
    for number, gaze in enumerate(GAZES):
        config = make_config(**base.model_dump() | {"gaze": gaze})
        optimiser = create_optimiser(wrapped, config)
        training = Training(
            config, torch.device("cpu"), wrapped, optimiser, images, likeness_of(config, 8), 9
        )
        start = weight.detach().clone()
        figures = training.epoch(number, Place())
        assert figures is not None
        assert torch.tensor(list(figures.values())).isfinite().all()
        assert not torch.equal(weight, start)
        assert (figures["pairs_per_anchor"] > 0) == (gaze in ("mcgip", "labels", "gzpt", "random"))
