import numpy as np
import torch
from scipy.signal import correlate2d

from deblur_lightning.estimation.kernel_shape import likeness


def test_likeness_is_the_largest_correlation_over_all_shifts():
    shapes = torch.rand(3, 9, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    shapes[2] = 0
    shapes[2, 3:8, 1:6] = shapes[0, 2:7, 2:7]
    shapes[0, :2] = shapes[0, 7:] = shapes[0, :, :2] = shapes[0, :, 7:] = 0  # so that the third is the first, moved
    shapes /= shapes.square().sum((1, 2), keepdim=True).sqrt()
    expected = [[correlate2d(one, other).max() for other in shapes.numpy()] for one in shapes.numpy()]
    found = likeness(shapes)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert abs(found[0, 2] - 1) < 1e-12
    assert found[0, 1] < 0.99
