import math

import pytest
import torch
from timm.optim.lars import Lars
from torch import nn

from learning.config import make_config
from learning.methods import Byol, SimSiam
from learning.optimise import create_optimiser, learning_rate_at, momentum_at, set_learning_rate


def encoder() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8))


def test_schedules() -> None:
    assert momentum_at(0, 10, 0.99) == pytest.approx(0.99)
    assert momentum_at(5, 10, 0.99) == pytest.approx(0.995)
    assert momentum_at(10, 10, 0.99) == pytest.approx(1)
    assert momentum_at(5, 10, 0) == pytest.approx(0.5)
    assert learning_rate_at(0.5, 10, 0.1, 0) == pytest.approx(0.1)
    assert learning_rate_at(5.9, 10, 0.1, 0) == pytest.approx(0.1 * (1 + math.cos(math.pi / 2)) / 2)
    assert learning_rate_at(0, 10, 0.1, 2) == pytest.approx(0.1 * 1e-4)
    assert learning_rate_at(2, 10, 0.1, 2) == pytest.approx(learning_rate_at(2, 10, 0.1, 0))


def test_the_rate_of_simsiams_predictor_stays() -> None:
    method = SimSiam(encoder(), 8)
    optimiser = create_optimiser(method, make_config(method="simsiam", optimiser="sgd", learning_rate=0.05))
    set_learning_rate(optimiser, 0.01)
    rates = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    assert {rates[id(p)] for p in method.predictor.parameters()} == {0.05}
    assert {rates[id(p)] for p in method.encoder.parameters()} == {0.01}


def test_lars_leaves_biases_and_batch_norm_alone() -> None:
    method = Byol(encoder(), 8)
    config = make_config(optimiser="lars", weight_decay=0.01, learning_rate=1.0)
    optimiser = create_optimiser(method, config)
    assert isinstance(optimiser, Lars)
    for parameter in method.parameters():
        parameter.grad = torch.full_like(parameter, 0.5)
    weight, bias = method.encoder[1].weight, method.encoder[1].bias  # type: ignore[index]
    before_weight, before_bias = weight.detach().clone(), bias.detach().clone()
    optimiser.step()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(bias, before_bias - 0.5)
    gradient = torch.full_like(before_weight, 0.5)
    decayed = gradient + 0.01 * before_weight
    trust = 1e-3 * before_weight.norm() / (gradient.norm() + 0.01 * before_weight.norm())
    torch.testing.assert_close(weight, before_weight - trust * decayed)


def test_every_optimiser_holds_every_parameter_that_learns_once() -> None:
    for name in ("adamw", "sgd", "lars"):
        method = Byol(encoder(), 8)
        optimiser = create_optimiser(method, make_config(optimiser=name))
        held = [id(p) for group in optimiser.param_groups for p in group["params"]]
        assert sorted(held) == sorted(id(p) for p in method.parameters() if p.requires_grad)


def test_the_betas_of_adam_can_be_those_published() -> None:
    optimiser = create_optimiser(Byol(encoder(), 8), make_config(adam_beta_2=0.95))
    assert {group["betas"] for group in optimiser.param_groups} == {(0.9, 0.95)}
