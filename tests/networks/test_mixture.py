"""mixture_of: many kernels from a few, by expectation and maximisation."""

import pytest
import torch

from deblur_lightning.networks import mixture as module
from deblur_lightning.networks.mixture import farthest, mixture_of


def divergence(kernels, basis, mixing):
    return (kernels * ((kernels + 1e-30).log() - (mixing @ basis + 1e-30).log())).sum(1).mean().item()


@pytest.fixture
def made():
    random = torch.Generator().manual_seed(0)
    basis = torch.zeros(3, 25)
    for number in range(3):
        basis[number, 8 * number : 8 * number + 8] = torch.rand(8, generator=random) + 0.1
    basis /= basis.sum(1, keepdim=True)
    mixing = torch.rand(60, 3, generator=random) ** 2 + 0.01
    mixing /= mixing.sum(1, keepdim=True)
    mixing[:3] = torch.eye(3)  # each kernel is seen alone somewhere
    return basis, mixing


def test_mixtures_of_three_are_taken_apart(made):
    basis, mixing = made
    found, shares = mixture_of(mixing @ basis, 3, steps=400)
    assert divergence(mixing @ basis, found, shares) < 1e-3
    order = (found @ basis.T).argmax(1)
    assert sorted(order.tolist()) == [0, 1, 2]
    torch.testing.assert_close(found, basis[order], atol=0.03, rtol=0)
    torch.testing.assert_close(shares, mixing[:, order], atol=0.06, rtol=0)


def test_factors_stay_distributions_and_every_step_helps():
    kernels = torch.rand(40, 49, generator=torch.Generator().manual_seed(1)) ** 4
    kernels /= kernels.sum(1, keepdim=True)
    before = None
    for steps in range(6):
        basis, mixing = mixture_of(kernels, 5, steps)
        assert (basis >= 0).all()
        assert (mixing >= 0).all()
        torch.testing.assert_close(basis.sum(1), torch.ones(5))
        torch.testing.assert_close(mixing.sum(1), torch.ones(40))
        now = divergence(kernels, basis, mixing)
        assert before is None or now <= before + 1e-6
        before = now


def test_of_many_kernels_the_basis_is_found_from_some_and_serves_all(made, monkeypatch):
    basis, mixing = made
    kernels = mixing.repeat(5, 1) @ basis
    whole = divergence(kernels, *mixture_of(kernels, 3))
    monkeypatch.setattr(module, "LOOKED_AT", 70)
    found, shares = mixture_of(kernels, 3)
    assert shares.shape == (300, 3)
    torch.testing.assert_close(shares.sum(1), torch.ones(300))
    assert divergence(kernels, found, shares) < whole + 0.03


def test_no_more_basis_kernels_than_kernels():
    basis, mixing = mixture_of(torch.eye(2), 8)
    assert basis.shape == (2, 2)
    torch.testing.assert_close(mixing @ basis, torch.eye(2), atol=1e-4, rtol=0)


def test_kernels_alike_do_not_divide_by_zero():
    alike = torch.zeros(6, 9)
    alike[:, 4] = 1
    basis, mixing = mixture_of(alike, 4)
    torch.testing.assert_close(mixing @ basis, alike, atol=1e-4, rtol=0)


def test_the_start_holds_kernels_that_differ():
    kernels = torch.tensor([[0.5, 0.5, 0, 0], [0.45, 0.55, 0, 0], [0, 0, 1, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 1.0]])
    picked = farthest(kernels, 3)
    assert {tuple(row.tolist()) for row in picked[1:]} == {(0, 0, 1, 0), (0, 0, 0, 1)}
