import itertools

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.kernel_shape import centred
from deblur_lightning.estimation.valid_blur import ValidBlur
from deblur_lightning.estimation.variational_kernel import (
    expected_misfit,
    nonnegative_minimum,
    posterior,
    softened,
    variational_kernel,
)
from deblur_lightning.field import delta_field
from deblur_lightning.physics import expose, to_linear

HEIGHT, WIDTH, SIZE = 5, 6, 3
NOISE = 0.03


@pytest.fixture
def random():
    return torch.Generator().manual_seed(3)


def rand(random, *shape):
    return torch.rand(*shape, dtype=torch.float64, generator=random)


def written_out(kernel):
    """The blur as a matrix, one row a blurry pixel."""
    rows = []
    for y in range(HEIGHT):
        for x in range(WIDTH):
            row = torch.zeros(HEIGHT + SIZE - 1, WIDTH + SIZE - 1, dtype=torch.float64)
            row[y : y + SIZE, x : x + SIZE] = kernel
            rows.append(row.flatten())
    return torch.stack(rows)


def test_the_posterior_is_that_of_the_matrices(random):
    kernel, weight = rand(random, SIZE, SIZE), rand(random, HEIGHT, WIDTH)
    blurry, spread = rand(random, 2, HEIGHT, WIDTH) - 0.5, rand(random, 2, HEIGHT + SIZE - 1, WIDTH + SIZE - 1) + 0.1
    matrix, weights = written_out(kernel), weight.flatten()
    operator, noise = ValidBlur(kernel, weight.shape), torch.tensor(NOISE, dtype=torch.float64)
    reach = ValidBlur(kernel.square(), weight.shape).adjoint(weight)
    mean, variance = posterior(operator, blurry, weight, noise, spread, torch.zeros_like(spread), reach, steps=200)
    for channel in range(2):
        data = matrix.T @ (weights[:, None] * matrix) / NOISE
        precision = data + torch.diag(1 / spread[channel].flatten())
        expected = torch.linalg.solve(precision, matrix.T @ (weights * blurry[channel].flatten()) / NOISE)
        torch.testing.assert_close(mean[channel].flatten(), expected)
        torch.testing.assert_close(variance[channel].flatten(), 1 / precision.diagonal())


def expected_loss(kernel, blurry, weight, sharp, uncertainty):
    """The mean of the squared misfit over independent Gaussian sharp gradients, by its definition."""
    loss = torch.zeros((), dtype=torch.float64)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            window = (slice(None), slice(y, y + SIZE), slice(x, x + SIZE))
            misfit = blurry[:, y, x] - (kernel * sharp[window]).sum((1, 2))
            loss += weight[y, x] * (misfit.square() + (kernel.square() * uncertainty[window]).sum((1, 2))).sum()
    return loss


def test_the_quadratic_form_has_the_expected_misfits_gradient_at_the_kernel(random):
    kernel, weight = rand(random, SIZE, SIZE).requires_grad_(), rand(random, HEIGHT, WIDTH)
    blurry, sharp = rand(random, 2, HEIGHT, WIDTH), rand(random, 2, HEIGHT + SIZE - 1, WIDTH + SIZE - 1)
    uncertainty = rand(random, 2, HEIGHT + SIZE - 1, WIDTH + SIZE - 1)
    slope = torch.autograd.grad(expected_loss(kernel, blurry, weight, sharp, uncertainty), kernel)[0]
    held = kernel.detach()
    form, wanted = expected_misfit(ValidBlur(held, weight.shape), held, blurry, weight, sharp, uncertainty)
    torch.testing.assert_close(2 * (form @ held.flatten() - wanted), slope.flatten())


def test_the_quadratic_form_is_exact_for_gradients_that_vanish_at_the_border(random):
    kernel, weight = rand(random, SIZE, SIZE), torch.ones(HEIGHT, WIDTH, dtype=torch.float64)
    blurry, uncertainty = rand(random, 2, HEIGHT, WIDTH), rand(random, 2, HEIGHT + SIZE - 1, WIDTH + SIZE - 1)
    sharp = torch.zeros(2, HEIGHT + SIZE - 1, WIDTH + SIZE - 1, dtype=torch.float64)
    sharp[:, 2:-2, 2:-2] = rand(random, 2, HEIGHT - 2, WIDTH - 2)
    form, wanted = expected_misfit(ValidBlur(kernel, weight.shape), kernel, blurry, weight, sharp, uncertainty)
    other = rand(random, SIZE, SIZE)

    def value(at):
        return at.flatten() @ (form @ at.flatten() - 2 * wanted)

    difference = expected_loss(other, blurry, weight, sharp, uncertainty) - expected_loss(
        kernel, blurry, weight, sharp, uncertainty
    )
    torch.testing.assert_close(value(other) - value(kernel), difference)


def test_the_nonnegative_minimum_is_scipys(random):
    matrix, aim = rand(random, 30, 12) - 0.3, rand(random, 30) - 0.5
    found = nonnegative_minimum(matrix.T @ matrix, matrix.T @ aim, torch.full((12,), 0.1).double(), steps=3000)
    expected, _ = nnls(matrix.numpy(), aim.numpy())
    assert (expected == 0).any()
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_softening_keeps_the_sum_and_adds_the_variance():
    kernel = torch.zeros(17, 17)
    kernel[8, 8] = 1
    soft = softened(kernel, 1.5)
    steps = torch.arange(17.0) - 8
    assert soft.sum().item() == pytest.approx(1)
    assert (soft.sum(0) * steps.square()).sum().item() == pytest.approx(1.5**2, rel=0.05)


def test_softening_centres_by_fractions_of_a_pixel(random):
    kernel = torch.zeros(15, 15, dtype=torch.float64)
    kernel[4:9, 6:11] = rand(random, 5, 5)
    kernel /= kernel.sum()
    steps = torch.arange(15.0, dtype=torch.float64) - 7
    away = torch.stack((kernel.sum(1) @ steps, kernel.sum(0) @ steps))
    assert (away.abs() > 0.1).all()
    soft = softened(kernel, 0.6)
    places = torch.stack((soft.sum(1) @ steps, soft.sum(0) @ steps))
    torch.testing.assert_close(places, torch.zeros(2, dtype=torch.float64), atol=5e-3, rtol=0)
    moved = torch.zeros_like(kernel)
    for row, column in itertools.product(range(15), repeat=2):  # every value becomes a spot, moved by the mean
        spot = ((steps - steps[row] + away[0]) ** 2).unsqueeze(1) + (steps - steps[column] + away[1]) ** 2
        moved += kernel[row, column] * (spot / (-2 * 0.6**2)).exp()
    torch.testing.assert_close(soft, moved / moved.sum(), atol=1e-4, rtol=0)


@pytest.fixture(scope="module")
def shaken():
    """Dead leaves under a path with a corner: blurry linear light and the path."""
    kernel = torch.zeros(17, 17)
    kernel[5, 4:12] = 1
    kernel[5:11, 11] = 1
    kernel = centred(kernel / kernel.sum())
    wide = torch.tensor(dead_leaves(144, np.random.default_rng(8))).permute(2, 0, 1)[None] / 255
    field = delta_field(wide[..., 8:-8, 8:-8], 17)._replace(basis=kernel[None, None])
    noisy = expose(to_linear(wide, 2.2), field, generator=torch.Generator().manual_seed(1), gamma=2.2, noise=0.005)
    return to_linear(noisy[0], 2.2).mean(0), kernel


def test_a_soft_guess_comes_nearer_to_the_true_path(shaken):
    light, truth = shaken
    guess = softened(truth, 1.5)
    found = variational_kernel(light, guess, softness=0.4)
    assert found.sum().item() == pytest.approx(1, abs=1e-5)
    assert (found >= 0).all()
    aim = softened(truth, 0.4)  # `truth` is centred by whole pixels, `found` by fractions
    assert (found - aim).norm() < 0.5 * (guess - aim).norm()


def test_pixels_of_no_weight_do_not_count(shaken):
    light, truth = shaken
    guess = softened(truth, 1.5)
    trusted = torch.zeros_like(light)
    trusted[:, :90] = 1
    spoiled = light.clone()
    spoiled[:, 90:] = torch.rand(light.shape[0], light.shape[1] - 90, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        variational_kernel(spoiled, guess, trusted), variational_kernel(light, guess, trusted), atol=2e-3, rtol=0
    )
