"""Muon: a matrix's step is orthogonal and as large as Adam's; all else steps as AdamW's."""

import copy

import pytest
import torch
from torch import nn

from deblur_lightning.modules.muon import AS_ADAM, Muon, is_matrix, orthogonal

pytestmark = pytest.mark.filterwarnings("error")


def some_network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(4, 24, 3), nn.Conv2d(24, 24, 3, groups=24), nn.Conv2d(24, 48, 1), nn.Conv2d(48, 16, 2, 2)
    )


def learn(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        network(torch.rand(2, 4, 12, 12, generator=generator)).square().mean().backward()
        optimizer.step()


def test_convolutions_of_many_channels_are_matrices_and_gains_biases_and_depth_wise_ones_are_not():
    assert [is_matrix(weights) for weights in some_network().parameters()] == [
        True, False, False, False, True, False, True, False
    ]  # fmt: skip
    assert is_matrix(torch.zeros(16, 16))
    assert not is_matrix(torch.zeros(15, 40))
    assert not is_matrix(torch.zeros(64, 1, 5, 5))


@pytest.mark.parametrize("shape", [(24, 24), (16, 40), (40, 16)])
def test_a_step_is_as_torchs_muon_takes_it_of_the_same_gradients(shape):
    """`torch.optim.Muon` calculates in bfloat16, hence the tolerance: steps are of the order of the rate."""
    generator = torch.Generator().manual_seed(1)
    start, rate = torch.randn(shape, generator=generator), 0.01
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    one = Muon([ours], lr=rate)
    other = torch.optim.Muon([theirs], lr=rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    for _ in range(4):
        gradient = torch.randn(shape, generator=generator)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        one.step()
        other.step()
    moved = theirs - start
    assert (ours - theirs).norm() < 0.03 * moved.norm()


def test_singular_vectors_stay_and_values_come_near_one():
    generator = torch.Generator().manual_seed(2)
    matrices = torch.randn(3, 20, 48, generator=generator, dtype=torch.float64)
    for matrix, made in zip(matrices, orthogonal(matrices, 5), strict=True):
        left, _, right = torch.linalg.svd(matrix, full_matrices=False)
        values = left.mT @ made @ right.mT
        assert (values - torch.diag(values.diagonal())).abs().max() < 1e-6
        assert values.diagonal().min() > 0.6
        assert values.diagonal().max() < 1.3


def test_the_root_mean_square_of_a_step_is_adams_share_of_the_rate():
    weights = nn.Parameter(torch.zeros(32, 64))
    weights.grad = torch.randn(32, 64, generator=torch.Generator().manual_seed(4))
    Muon([weights], lr=0.5).step()
    assert weights.square().mean().sqrt().item() == pytest.approx(AS_ADAM * 0.5, rel=0.25)


def test_what_is_no_matrix_takes_adamws_steps():
    ours, theirs = some_network(), some_network()
    rest = [weights for weights in theirs.parameters() if not is_matrix(weights)]
    matrices = [weights for weights in theirs.parameters() if is_matrix(weights)]
    one = Muon(ours.parameters(), lr=0.01, weight_decay=0.1)
    other = torch.optim.AdamW(rest, lr=0.01, betas=(0.9, 0.95), weight_decay=0.1)
    for step in range(3):
        generator = torch.Generator().manual_seed(step)
        for mine, yours in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.grad = torch.randn(mine.shape, generator=generator)
            yours.grad = mine.grad.clone()
        one.step()
        other.step()
    ours_rest = [weights for weights in ours.parameters() if not is_matrix(weights)]
    assert all(torch.equal(mine, yours) for mine, yours in zip(ours_rest, rest, strict=True))
    assert len(matrices) == 3
    assert all(weights.grad is not None for weights in ours.parameters())


def test_weights_without_a_gradient_stay():
    network = some_network()
    before = copy.deepcopy(network.state_dict())
    network[3].requires_grad_(False)
    learn(network, Muon(network.parameters(), lr=0.01), 1)
    after = network.state_dict()
    assert torch.equal(before["3.weight"], after["3.weight"])
    assert not torch.equal(before["2.weight"], after["2.weight"])


def test_weights_in_channels_last_order_step_alike():
    plain, last = some_network(), some_network().to(memory_format=torch.channels_last)
    learn(plain, Muon(plain.parameters(), lr=0.01), 3)
    learn(last, Muon(last.parameters(), lr=0.01), 3)
    for one, other in zip(plain.parameters(), last.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_a_resumed_training_goes_on_bit_for_bit():
    whole, halves = some_network(), some_network()
    optimizer = Muon(whole.parameters(), lr=0.01)
    learn(whole, optimizer, 2)
    first = Muon(halves.parameters(), lr=0.01)
    learn(halves, first, 2)
    second = Muon(halves.parameters(), lr=0.5)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    learn(whole, optimizer, 2, seed=9)
    learn(halves, second, 2, seed=9)
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), halves.parameters(), strict=True))


def test_a_closure_is_asked_for_the_loss():
    weights = nn.Parameter(torch.ones(16, 16))
    optimizer = Muon([weights], lr=0.1)

    def loss() -> float:
        optimizer.zero_grad()
        value = weights.square().sum()
        value.backward()
        return value.item()

    assert optimizer.step(loss) == 256.0
    assert weights.sum() < 256


@pytest.mark.parametrize(
    ("options", "told"), [({"momentum": 1.0}, "momentum is 1.0"), ({"iterations": 0}, "iterations is 0")]
)
def test_numbers_out_of_range_are_named(options, told):
    with pytest.raises(ValueError, match=told):
        Muon([nn.Parameter(torch.ones(16, 16))], **options)
