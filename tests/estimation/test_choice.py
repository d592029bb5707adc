import numpy as np
import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.choice import edge_misfit, evidence_against, natural_cost
from deblur_lightning.estimation.kernel_shape import centred
from deblur_lightning.estimation.natural_picture import natural_picture

SIZE, KERNEL, NOISE = 96, 9, 0.004


@pytest.fixture(scope="module")
def shot():
    wide = (torch.tensor(dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(3))) / 255).mean(-1)
    kernel = torch.zeros(KERNEL, KERNEL)
    kernel[4, 1:7] = 1
    kernel[1:4, 6] = 1
    kernel = centred(kernel / kernel.sum())
    blurry = F.conv2d(wide[None, None], kernel[None, None])[0, 0]
    return blurry + NOISE * torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0)), kernel


@pytest.mark.parametrize("against", [evidence_against, lambda light, kernel, noise: edge_misfit(light, kernel)])
def test_the_true_kernel_speaks_for_itself(shot, against):
    light, kernel = shot
    wrong = [kernel.flip(0), kernel.T, F.avg_pool2d(kernel[None], 3, 1, 1)[0]]
    truth = against(light, kernel, noise=NOISE)
    assert all(truth < against(light, one, noise=NOISE) for one in wrong)


def test_the_cost_is_misfit_and_price_of_edges_pixel_by_pixel(shot):
    light, kernel = shot
    share = torch.rand(SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    sharp = natural_picture(light, kernel, share, noise=NOISE)
    misfit = share * (F.conv2d(sharp[None, None], kernel[None, None])[0, 0] - light).square()
    inner = sharp[KERNEL // 2 : -(KERNEL // 2), KERNEL // 2 : -(KERNEL // 2)].tolist()
    price = 0.0
    for row in range(SIZE):
        for column in range(SIZE):
            for above, left in ((1, 0), (0, 1)):
                if row >= above and column >= left:
                    step = inner[row][column] - inner[row - above][column - left]
                    price += share[row, column].item() * (step**2 + 0.01**2) ** 0.4
    expected = misfit.sum().item() + 2 / 0.8 * 0.1 * NOISE * price
    assert natural_cost(light, kernel, share, noise=NOISE) == pytest.approx(expected, rel=1e-4)


def test_pixels_that_do_not_count_have_no_say_in_the_edges_misfit(shot):
    light, kernel = shot
    assert edge_misfit(light, kernel, torch.zeros(SIZE, SIZE)) == 0
    assert edge_misfit(light, kernel, torch.ones(SIZE, SIZE)) == pytest.approx(edge_misfit(light, kernel))
