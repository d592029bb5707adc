import numpy as np
import pytest
import torch

from deblur_lightning.estimation.edges_only import STEEPEST, edges_only, slopes, transfer


def circulant(kernel, height, width):
    """The matrix of a periodic correlation, entry by entry."""
    matrix = np.zeros((height * width,) * 2)
    reach = len(kernel) // 2
    for row in range(height):
        for column in range(width):
            for i, weights in enumerate(kernel):
                for j, weight in enumerate(weights):
                    source = (row + i - reach) % height * width + (column + j - reach) % width
                    matrix[row * width + column, source] += weight
    return matrix


@pytest.fixture
def kernel():
    kernel = torch.rand(3, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return kernel / kernel.sum()


def test_multiplying_transforms_blurs_by_correlation(kernel):
    picture = torch.rand(6, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    blurred = torch.fft.irfft2(transfer(kernel, picture.shape) * torch.fft.rfft2(picture), s=picture.shape)
    expected = circulant(kernel.tolist(), 6, 9) @ picture.numpy().ravel()
    np.testing.assert_allclose(blurred.numpy().ravel(), expected, atol=1e-13)


def test_the_splitting_is_that_of_dense_matrices(kernel):
    height, width, sparsity = 6, 9, 0.02
    light = torch.rand(height, width, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    blur = circulant(kernel.tolist(), height, width)
    across = circulant([[0, 0, 0], [0, -1, 1], [0, 0, 0]], height, width)
    down = circulant([[0, 0, 0], [0, -1, 0], [0, 1, 0]], height, width)
    picture = sharp = light.numpy().ravel()
    weight = 2 * sparsity
    while weight < STEEPEST:
        first, second = across @ sharp, down @ sharp
        keep = first**2 + second**2 >= sparsity / weight
        system = blur.T @ blur + weight * (across.T @ across + down.T @ down)
        sharp = np.linalg.solve(
            system, blur.T @ picture + weight * (across.T @ (keep * first) + down.T @ (keep * second))
        )
        weight *= 2
    np.testing.assert_allclose(edges_only(light, kernel, sparsity).numpy().ravel(), sharp, atol=1e-8)


def test_an_even_square_comes_back_with_its_edges():
    sharp = torch.full((48, 48), 0.2)
    sharp[14:34, 10:30] = 0.7
    kernel = torch.zeros(7, 7)
    kernel[3, 1:6] = 0.2
    blurry = torch.fft.irfft2(transfer(kernel, sharp.shape) * torch.fft.rfft2(sharp), s=sharp.shape)
    restored = edges_only(blurry, kernel, 5e-3)
    assert (restored - sharp).square().mean() < 0.1 * (blurry - sharp).square().mean()
    assert (slopes(restored).abs().amax(0) > 0.1).sum() == (slopes(sharp).abs().amax(0) > 0.1).sum()
