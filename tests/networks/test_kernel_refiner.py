"""KernelRefiner: it tells kernels, begins with what it was given, and all of it learns."""

import pytest
import torch

from deblur_lightning.networks import KernelRefiner
from deblur_lightning.physics.noise import LEAST_NOISE


def some_hints(count=2, size=17):
    random = torch.Generator().manual_seed(0)
    hints = torch.randn(count, 9, size, size, generator=random)
    kernels = torch.rand(count, 3, size, size, generator=random)
    hints[:, :3] = kernels / kernels.sum((2, 3), keepdim=True)
    return hints


@pytest.mark.parametrize("size", [9, 17, 33])
def test_it_tells_kernels(size):
    torch.manual_seed(0)
    kernels = KernelRefiner(size, width=6)(some_hints(2, size), torch.tensor([0.004, 0.02]))
    assert kernels.shape == (2, size, size)
    assert kernels.min() >= 0
    torch.testing.assert_close(kernels.sum((1, 2)), torch.ones(2))


def test_without_scores_it_mixes_what_it_was_given():
    hints, refiner = some_hints(), KernelRefiner(17, width=6)
    for weights in refiner.ending.parameters():
        torch.nn.init.zeros_(weights)
    mixture = hints[:, 0] + 0.5 * hints[:, 1] + 0.5 * hints[:, 2] + 1e-4
    expected = mixture / mixture.sum((1, 2), keepdim=True)
    torch.testing.assert_close(refiner(hints, torch.full((2,), 0.006)), expected)


def test_every_weight_learns_and_the_noise_counts():
    torch.manual_seed(0)
    hints, refiner = some_hints(), KernelRefiner(17, width=6).eval()
    noise = torch.tensor([0.004, 0.02], requires_grad=True)
    refiner(hints, noise).square().sum().backward()
    still = {name for name, weights in refiner.named_parameters() if weights.grad.abs().max() < 1e-9}
    assert still <= {"ending.bias"}  # adds the same to every score
    assert noise.grad.all()


@pytest.mark.parametrize(
    ("arguments", "message"), [((8,), "odd and at least 9"), ((7,), "odd and at least 9"), ((33, 8), "multiple of 6")]
)
def test_sizes_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        KernelRefiner(*arguments)


def test_a_picture_without_noise_is_as_one_with_the_least():
    torch.manual_seed(0)
    refiner = KernelRefiner(17, width=6).eval()
    none, least = (refiner(some_hints(1), torch.tensor([noise])) for noise in (0.0, LEAST_NOISE))
    assert none.isfinite().all()
    assert torch.equal(none, least)
