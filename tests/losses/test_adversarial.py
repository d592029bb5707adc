"""The Wasserstein game against its formulas."""

import pytest
import torch
from torch import nn

from deblur_lightning.losses import critic_loss, generator_loss, gradient_penalty


class Quadratic(nn.Module):
    """D(x) = a sum x², whose slope is 2 a x: the penalty has a formula."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(0.3, dtype=torch.float64))

    def forward(self, x):
        return self.a * x.square().sum(dim=(1, 2, 3))


def pictures():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, 3, 5, 4, generator=generator, dtype=torch.float64)


def test_losses_are_the_differences_of_means():
    sharp, restored = torch.tensor([1.0, 3.0]), torch.tensor([0.5, -0.5])
    assert critic_loss(sharp, restored) == -2
    assert generator_loss(restored) == 0


@pytest.mark.parametrize("mix", ["sample", "batch"])
@pytest.mark.parametrize("norm", ["sample", "channel"])
def test_the_penalty_and_its_slope_are_those_of_the_formula(mix, norm):
    sharp, restored = pictures()
    critic = Quadratic()
    found = gradient_penalty(critic, sharp, restored, mix=mix, norm=norm, generator=torch.Generator().manual_seed(7))
    found.backward()
    share = torch.rand(3 if mix == "sample" else 1, 1, 1, 1, generator=torch.Generator().manual_seed(7)).double()
    between = share * sharp + (1 - share) * restored
    length = between.square().sum(dim=(1, 2, 3) if norm == "sample" else 1).sqrt()
    torch.testing.assert_close(found, ((0.6 * length - 1) ** 2).mean())
    torch.testing.assert_close(critic.a.grad, (2 * (0.6 * length - 1) * 2 * length).mean())


def test_a_critic_s_own_slope_gives_autograd_s_penalty():
    sharp, restored = pictures()
    critic = Quadratic()
    found = [
        gradient_penalty(critic, sharp, restored, slope=slope, generator=torch.Generator().manual_seed(7))
        for slope in (None, lambda between: 2 * critic.a * between)
    ]
    torch.testing.assert_close(*found)
    torch.testing.assert_close(*(torch.autograd.grad(penalty, critic.a) for penalty in found))


def test_no_gradient_reaches_the_pictures_and_a_flat_critic_stays_finite():
    sharp, restored = (part.requires_grad_() for part in pictures())
    critic = Quadratic()
    critic.a.data.zero_()
    gradient_penalty(critic, sharp, restored).backward()
    assert restored.grad is None
    assert critic.a.grad.isfinite()


def test_other_names_and_unequal_pictures_are_refused():
    sharp, restored = pictures()
    with pytest.raises(ValueError, match="Pass pairs"):
        gradient_penalty(Quadratic(), sharp, restored[:, :2])
    with pytest.raises(ValueError, match="sample, batch or channel"):
        gradient_penalty(Quadratic(), sharp, restored, mix="pixel")
