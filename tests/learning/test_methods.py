import math

import pytest
import torch
from torch import nn

from learning.losses import positive_cosine_loss
from learning.methods import Byol, Views, direction_spread, learning_rate_at, momentum_at


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a * b).sum() / (a.norm() * b.norm()))


def naive_loss(predicted: torch.Tensor, target: torch.Tensor, positives: torch.Tensor) -> float:
    total, n_pairs = 0.0, 0
    for i in range(len(predicted)):
        for j in range(len(target)):
            if positives[i, j]:
                total += cosine(predicted[i], target[j])
                n_pairs += 1
    return -total / n_pairs


@pytest.fixture
def views() -> Views:
    torch.manual_seed(0)
    return Views(*(torch.randn(6, 9) for _ in range(4)))


def test_loss_equals_the_loop_over_pairs(views: Views) -> None:
    upper = torch.rand(6, 6) < 0.4
    positives = upper | upper.T | torch.eye(6, dtype=torch.bool)
    got = positive_cosine_loss(views.predicted_1, views.target_2, positives)
    assert float(got) == pytest.approx(naive_loss(views.predicted_1, views.target_2, positives), abs=1e-6)


def test_byol_adds_both_directions_twice(views: Views) -> None:
    alone = torch.eye(6, dtype=torch.bool)
    expected = 2 * (
        naive_loss(views.predicted_1, views.target_2, alone)
        + naive_loss(views.predicted_2, views.target_1, alone)
    )
    assert float(Byol.loss(views, alone)) == pytest.approx(expected, abs=1e-6)
    same = Views(views.predicted_1, views.predicted_1, views.predicted_1, views.predicted_1)
    assert float(Byol.loss(same, alone)) == pytest.approx(-4, abs=1e-6)


def test_no_gradient_reaches_the_targets(views: Views) -> None:
    target = views.target_2.requires_grad_()
    predicted = views.predicted_1.requires_grad_()
    positive_cosine_loss(predicted, target, torch.eye(6, dtype=torch.bool)).backward()
    assert predicted.grad is not None
    assert target.grad is None


def tiny() -> Byol:
    torch.manual_seed(0)
    return Byol(nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8)), 8)


def test_the_target_follows_by_parameters_alone() -> None:
    method = tiny()
    before = {name: tensor.clone() for name, tensor in method.target.state_dict().items()}
    with torch.no_grad():
        for parameter in method.parameters():
            if parameter.requires_grad:
                parameter.add_(1.0)
    method.encoder[2].running_mean.add_(5.0)  # type: ignore[index, union-attr]
    method.update_target(0.75)
    for name, tensor in method.target.state_dict().items():
        is_statistic = "running" in name or "num_batches" in name
        torch.testing.assert_close(tensor, before[name] + (0 if is_statistic else 0.25))


def test_heads_are_shaped_as_published() -> None:
    method = tiny()
    shapes = {name: tuple(parameter.shape) for name, parameter in method.predictor.named_parameters()}
    assert shapes == {
        "0.weight": (4096, 256),
        "0.bias": (4096,),
        "1.weight": (4096,),
        "1.bias": (4096,),
        "3.weight": (256, 4096),
    }
    assert [tuple(p.shape) for name, p in method.projector.named_parameters() if name == "3.weight"] == [
        (256, 16)
    ]


def test_schedules() -> None:
    assert momentum_at(0, 10, 0.99) == pytest.approx(0.99)
    assert momentum_at(5, 10, 0.99) == pytest.approx(0.995)
    assert momentum_at(10, 10, 0.99) == pytest.approx(1)
    assert learning_rate_at(0.5, 10, 0.1, 0) == pytest.approx(0.1)
    assert learning_rate_at(5.9, 10, 0.1, 0) == pytest.approx(0.1 * (1 + math.cos(math.pi / 2)) / 2)
    assert learning_rate_at(0, 10, 0.1, 2) == pytest.approx(0.1 * 1e-4)
    assert learning_rate_at(2, 10, 0.1, 2) == pytest.approx(learning_rate_at(2, 10, 0.1, 0))


def test_spread_of_directions() -> None:
    torch.manual_seed(0)
    assert float(direction_spread(torch.ones(5, 3) * torch.arange(1, 6)[:, None])) == pytest.approx(
        0, abs=1e-3
    )
    assert float(direction_spread(torch.randn(4000, 8))) == pytest.approx(1, abs=0.01)
