"""Restoration with a known field (25 kernels of 33 x 33), beside the published update as one would write it down.

The photograph's variants are named with their PSNR.
"""

from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.comparison import Case
from benchmarks.comparisons.blur import loop
from benchmarks.fields import random_field
from deblur_lightning import KernelField
from deblur_lightning.data.scenes.wheel_photos import wheel_photo
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.physics import blur, expose, shake_field, to_linear
from deblur_lightning.restoration import deconvolve, richardson_lucy


def cases() -> Iterator[Case]:
    """The same two updates at 720p; whole restorations of a small picture."""
    field = random_field(1, 25, 33, 720, 1280)
    blurry = blur(torch.rand(1, 3, 720, 1280), field)
    published = partial(richardson_lucy, adjoint="published", tolerance=0)
    yield Case(
        "two published updates, 1 x 720 x 1280",
        {
            "loop over kernels": partial(plain, blurry, field, 2),
            "richardson_lucy, published": partial(published, blurry, field, 2),
            "richardson_lucy, exact": partial(richardson_lucy, blurry, field, 2, tolerance=0),
        },
    )
    sharp, blurry, field = shaken_photo()
    variants: dict[str, Callable[[], Tensor]] = {
        "loop, 30 published updates": partial(plain, blurry, field, 30),
        "richardson_lucy, 30 published": partial(published, blurry, field, 30),
        "richardson_lucy, 30 exact": partial(richardson_lucy, blurry, field, 30, tolerance=0),
        "richardson_lucy, 20 accelerated": partial(richardson_lucy, blurry, field, 20, acceleration=True, tolerance=0),
        "deconvolve": partial(deconvolve, blurry, field),
        "deconvolve, 3 x 8 steps": partial(deconvolve, blurry, field, outer=3, inner=8),
    }
    yield Case(
        "a photograph, 1 x 224 x 224",
        {f"{name}: {picture_psnr(run(), sharp).item():.2f} dB": run for name, run in variants.items()},
    )


def shaken_photo() -> tuple[Tensor, Tensor, KernelField]:
    """Shake the camera before the middle of scikit-image's rocket, which no table shows, and add noise."""
    photo = torch.from_numpy(wheel_photo("rocket")[86:342, 192:448].copy())
    scene = photo.permute(2, 0, 1).unsqueeze(0) / 255
    generator = torch.Generator().manual_seed(0)
    field = shake_field((224, 224), 33, generator=generator)
    return scene[..., 16:-16, 16:-16], expose(to_linear(scene), field, generator=generator), field


def plain(blurry: Tensor, field: KernelField, iterations: int, gamma: float = 2.2) -> Tensor:
    """Restore by the published update, whole tensors at a time, one kernel and one channel after the other."""
    turned = KernelField(field.basis.flip(-2, -1), field.coefficients)
    light, display = blurry**gamma, blurry
    for _ in range(iterations):
        sharp = display**gamma
        sharp = sharp * loop(light / (loop(sharp, field) + 1e-6), turned)
        display = sharp ** (1 / gamma) / (1 - 1e-3 * divergence_of_direction(display))
    return display.clamp(0, 1)


def divergence_of_direction(image: Tensor) -> Tensor:
    """Normalise the Sobel gradient and take its divergence."""
    right, down = sobel(image)
    length = (right**2 + down**2).sqrt()
    right, down = (torch.where(length < 1e-9, 1e-9, slope / length) for slope in (right, down))
    return sobel(right)[0] + sobel(down)[1]


def sobel(image: Tensor) -> tuple[Tensor, Tensor]:
    """Correlate each channel with both Sobel masks; zeros beyond the border."""
    mask = image.new_tensor([[[[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]]])
    planes = [image[:, channel : channel + 1] for channel in range(image.shape[1])]
    right = torch.cat([F.conv2d(plane, mask, padding=1) for plane in planes], dim=1)
    down = torch.cat([F.conv2d(plane, mask.mT, padding=1) for plane in planes], dim=1)
    return right, down
