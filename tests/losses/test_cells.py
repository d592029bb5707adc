"""cell_divergence: each cell's kernel against the mean of its pixels' true ones."""

import pytest
import torch
from scipy.stats import entropy

from deblur_lightning.field import KernelField
from deblur_lightning.losses import cell_divergence


@pytest.fixture
def truth():
    random = torch.Generator().manual_seed(0)
    basis = torch.rand(2, 3, 5, 5, generator=random)
    shares = torch.rand(2, 3, 16, 24, generator=random)
    return KernelField(basis / basis.sum((2, 3), keepdim=True), shares / shares.sum(1, keepdim=True))


def test_it_is_the_mean_relative_entropy_of_cells(truth):
    told = torch.randn(2, 25, 2, 3, generator=torch.Generator().manual_seed(1)).log_softmax(1)
    expected = []
    for picture in range(2):
        for row in range(2):
            for column in range(3):
                pixels = [
                    truth.kernel_at(8 * row + y, 8 * column + x)[picture].flatten() for y in range(8) for x in range(8)
                ]
                expected.append(entropy(torch.stack(pixels).mean(0), told[picture, :, row, column].exp()))
    assert cell_divergence(told, truth, 8).item() == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_the_truth_costs_nothing(truth):
    share = torch.nn.functional.avg_pool2d(truth.coefficients, 8)
    told = torch.einsum("nbp,nbhw->nphw", truth.basis.flatten(2), share).log()
    assert cell_divergence(told, truth, 8).item() == pytest.approx(0, abs=1e-5)


def test_gradients_reach_the_told_kernels(truth):
    told = torch.randn(2, 25, 2, 3, dtype=torch.float64, requires_grad=True)
    wide = KernelField(*(part.double() for part in truth))
    assert torch.autograd.gradcheck(lambda scores: cell_divergence(scores.log_softmax(1), wide, 8), told)


def test_other_cells_are_refused(truth):
    with pytest.raises(ValueError, match="whole cells"):
        cell_divergence(torch.zeros(2, 25, 3, 3), truth, 8)


def test_bfloat16_autocast_keeps_it_in_float32(truth):
    told = torch.randn(2, 25, 2, 3, generator=torch.Generator().manual_seed(1)).log_softmax(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = cell_divergence(told, truth, 8)
    assert torch.equal(loss, cell_divergence(told, truth, 8))
