import torch
from kornia.filters import spatial_gradient

from deblur_lightning.restoration.total_variation import curvature, flatten_, sobel


def picture(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_slopes_are_kornias_sobel_gradient():
    image = picture(2, 3, 11, 9)
    across, down = spatial_gradient(image, mode="sobel", normalized=False).unbind(dim=2)
    torch.testing.assert_close(sobel(image, "replicate"), (across, down), rtol=0, atol=1e-12)


def test_curvature_is_the_divergence_of_the_gradients_direction():
    image = picture(1, 1, 12, 10)
    slopes = spatial_gradient(image, mode="sobel", normalized=False)
    direction = slopes / slopes.norm(dim=2, keepdim=True)
    by_axis = spatial_gradient(direction[:, 0], mode="sobel", normalized=False)
    expected = (by_axis[:, 0, 0] + by_axis[:, 1, 1])[:, None]
    torch.testing.assert_close(curvature(image), expected, rtol=0, atol=1e-12)


def test_stripes_leave_no_seam():
    image = picture(1, 3, 150, 20)
    light = image**2.2
    expected = light * (1 - 0.01 * curvature(image)) ** -2.2
    flatten_(light, image, 0.01, 2.2, "replicate")
    torch.testing.assert_close(light, expected, rtol=1e-12, atol=0)
