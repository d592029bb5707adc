"""A cross-entropy between kernels at sampled pixels: ours, to leave the plateau of the mean kernel."""

import torch
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.losses.kernel import check_same_pixels

SMALLEST = 1e-8  # keeps the logarithm of a kernel's dark cells finite


def sampled_cross_entropy(
    predicted: KernelField, target: KernelField, samples: int = 256, generator: torch.Generator | None = None
) -> Tensor:
    """Read kernels as probabilities of where light went, at a few random pixels: ``-sum_x g(x) log k(x)``.

    Squared differences hardly move while a network draws the mean kernel everywhere; this gradient does.

    Args:
        predicted: the network's field.
        target: the true field of the same pictures, pixels and kernel size.
        samples: pixels drawn in each picture, uniformly, with replacement.
        generator: source of the draw, on the fields' device; torch's own if None.

    Returns:
        The mean over samples and pictures, in nats; at best the true kernels' entropy.

    Raises:
        ValueError: fields of different pictures, pixels or kernel sizes.

    Source:
        Ours; not in the paper.
    """
    check_same_pixels(predicted, target)
    pictures, _, height, width = predicted.coefficients.shape
    device = predicted.coefficients.device
    pixels = torch.randint(height * width, (pictures, 1, samples), device=device, generator=generator)
    drawn, true = _kernels_at(predicted, pixels), _kernels_at(target, pixels)
    return -(true * drawn.clamp(min=SMALLEST).log()).sum(dim=1).mean()


def _kernels_at(field: KernelField, pixels: Tensor) -> Tensor:
    """Mix the kernels of pixels ``[N, 1, S]``: ``[N, K², S]``."""
    mixture = field.coefficients.flatten(2).gather(2, pixels.expand(-1, field.coefficients.shape[1], -1))
    with torch.autocast(mixture.device.type, enabled=False):
        wide = torch.promote_types(torch.promote_types(field.basis.dtype, mixture.dtype), torch.float32)
        return field.basis.to(wide).flatten(2).transpose(1, 2) @ mixture.to(wide)
