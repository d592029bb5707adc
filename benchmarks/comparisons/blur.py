"""Blur with 25 kernels of 33 x 33, its gradients and its transpose, beside a loop of F.conv2d over the kernels."""

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.comparison import Case
from benchmarks.comparisons.limits import transform
from benchmarks.fields import random_field
from deblur_lightning import KernelField
from deblur_lightning.physics import BlurOperator, blur, blur_adjoint
from deblur_lightning.physics.tiles import LARGEST_TILE
from deblur_lightning.physics.tiling import tile_sizes

COUNT, SIDE, CHANNELS = 25, 33, 3
SIZES = ((4, 256, 256), (1, 720, 1280))


def cases() -> Iterator[Case]:
    """Forward, forward with backward (to the field, as in training), and the transpose, at two sizes."""
    for pictures, height, width in SIZES:
        image = torch.rand(pictures, CHANNELS, height, width)
        size = f"{pictures} x {height} x {width}"
        field = random_field(pictures, COUNT, SIDE, height, width)
        direct = 2 * SIDE**2 * COUNT * CHANNELS * pictures * height * width / 1e9
        tiled = pictures * tiled_work(height, width)
        operator = BlurOperator(field)
        yield Case(
            f"forward, {size}",
            {
                "loop over kernels": partial(loop, image, field),
                "blur": partial(blur, image, field),
                "BlurOperator, built before": partial(operator.blur, image),
            },
            {"loop over kernels": direct, "blur": tiled, "BlurOperator, built before": tiled},
        )
        yield Case(
            f"transpose, {size}",
            {
                "autograd of the loop": partial(loop_adjoint, image, field),
                "blur_adjoint": partial(blur_adjoint, image, field),
                "BlurOperator, built before": partial(operator.adjoint, image),
            },
            {"autograd of the loop": direct, "blur_adjoint": tiled, "BlurOperator, built before": tiled},
        )
        slope = torch.rand_like(image)
        learning = random_field(pictures, COUNT, SIDE, height, width, learning=True)
        yield Case(
            f"forward and backward, {size}",
            {
                "loop over kernels": partial(gradients, loop, image, learning, slope),
                "blur": partial(gradients, blur, image, learning, slope),
            },
            {"loop over kernels": 3 * direct, "blur": 3 * tiled},
        )


def tiled_work(height: int, width: int) -> float:
    """Count 10^9 operations of the tiles of one picture: transforms, products of spectra, mixing."""
    (down, tall), (across, wide) = (tile_sizes(side, SIDE - 1, LARGEST_TILE) for side in (height, width))
    tiles, pairs = ceil(height / down) * ceil(width / across), ceil(COUNT / 2)
    products = (6 * tall * wide + 4 * down * across) / 1e9
    return tiles * CHANNELS * ((1 + pairs) * transform(tall, wide) + pairs * products)


def loop(image: Tensor, field: KernelField) -> Tensor:
    """Convolve with one kernel after the other; for a single picture five at a time.

    A depthwise convolution on a CPU fills vectors of 16 channels, so three channels alone cost three times as much.
    """
    pictures, channels = image.shape[:2]
    together = 5 if pictures == 1 else 1
    padded = F.pad(image, (field.kernel_size // 2,) * 4, mode="reflect").repeat(1, together, 1, 1)
    blurry = torch.zeros_like(image)
    for kernels, coefficients in zip(
        field.basis.split(together, 1), field.coefficients.split(together, 1), strict=True
    ):
        weight = kernels.repeat_interleave(channels, 1).flatten(0, 1).unsqueeze(1)
        filtered = F.conv2d(padded.flatten(0, 1).unsqueeze(0), weight, groups=len(weight))
        blurry = blurry + (filtered.view(pictures, -1, *image.shape[1:]) * coefficients.unsqueeze(2)).sum(dim=1)
    return blurry


def loop_adjoint(image: Tensor, field: KernelField) -> Tensor:
    """Let autograd transpose the loop."""
    source = torch.zeros_like(image, requires_grad=True)
    return torch.autograd.grad(loop(source, field), source, image)[0]


def gradients(
    operator: Callable[[Tensor, KernelField], Tensor], image: Tensor, field: KernelField, slope: Tensor
) -> list[Tensor]:
    """Differentiate by the field, given a loss's slope by the blurry picture: no memory of the loss's own counts."""
    return list(torch.autograd.grad(operator(image, field), list(field), slope))
