"""Random fields for comparisons to share."""

import torch

from deblur_lightning import KernelField


def random_field(
    pictures: int, count: int, size: int, height: int, width: int, *, learning: bool = False, seed: int = 0
) -> KernelField:
    """Draw ``count`` kernels of ``size`` and their mixture; ``learning`` asks for gradients."""
    generator = torch.Generator().manual_seed(seed)
    basis = torch.randn(pictures, count, size * size, generator=generator).mul_(3).softmax(-1)
    coefficients = torch.randn(pictures, count, height, width, generator=generator).mul_(3).softmax(1)
    field = KernelField(basis.unflatten(-1, (size, size)), coefficients)
    return KernelField(*(tensor.requires_grad_(learning) for tensor in field))
