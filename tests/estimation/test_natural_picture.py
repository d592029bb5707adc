import torch
import torch.nn.functional as F

from deblur_lightning.estimation.natural_picture import natural_picture
from deblur_lightning.field import delta_field
from deblur_lightning.physics import noise_level
from deblur_lightning.restoration import deconvolve

SIZE = 5


def shot():
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 1, 9, 9, generator=generator)
    wide = F.interpolate(coarse, size=(44, 44), mode="nearest")
    kernel = torch.rand(SIZE, SIZE, generator=generator)
    kernel = kernel / kernel.sum()
    noisy = F.conv2d(wide, kernel[None, None]) + 0.01 * torch.randn(1, 1, 40, 40, generator=generator)
    return noisy.clamp(0, 0.96), kernel, wide


def test_it_is_deconvolve_for_one_kernel():
    blurry, kernel, _ = shot()
    field = delta_field(blurry, SIZE)._replace(basis=kernel[None, None])
    expected = deconvolve(blurry, field, gamma=1.0, start=0, outer=4, inner=12)[0, 0]
    found = natural_picture(blurry[0, 0], kernel, noise=noise_level(blurry), outer=4, inner=12).clamp(0, 1)
    near, margin = 6, SIZE // 2  # the starts beyond the border differ
    inner = found[margin + near : -margin - near, margin + near : -margin - near]
    torch.testing.assert_close(inner, expected[near:-near, near:-near], atol=1e-2, rtol=0)


def test_pixels_that_do_not_count_have_no_say():
    blurry, kernel, _ = shot()
    share = torch.ones(40, 40)
    share[:, 20:] = 0
    spoilt = blurry[0, 0].clone()
    spoilt[:, 20:] = 0.5
    options = {"exponent": 2.0, "inner": 300}  # one minimum, and reached
    found, expected = (natural_picture(light, kernel, share, **options) for light in (spoilt, blurry[0, 0]))
    torch.testing.assert_close(found[:, :20], expected[:, :20], atol=2e-3, rtol=0)
