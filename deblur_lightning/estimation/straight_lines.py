"""Kernels of straight, even motion: stand-ins for any motion where none is known yet."""

import math

import torch
from torch import Tensor

from deblur_lightning.physics import kernels_along

LENGTHS = (0.15, 0.27, 0.42, 0.6)  # of the kernel's side
SHORTEST = 5.0  # pixels; shorter lines look much like softness
DIRECTIONS = 8
SAMPLES = 200


def straight_lines(kernel_size: int) -> Tensor:
    """Draw lines of four lengths in eight directions, none shorter than 5 pixels.

    Args:
        kernel_size: side K, in pixels; odd.

    Returns:
        ``[32, K, K]``, unit sums, float32.
    """
    angle = torch.arange(DIRECTIONS, dtype=torch.float64) * math.pi / DIRECTIONS
    heading = torch.stack((angle.cos(), angle.sin()), dim=-1)
    time = torch.linspace(-0.5, 0.5, SAMPLES, dtype=torch.float64)
    length = torch.tensor(LENGTHS, dtype=torch.float64) * kernel_size
    length = length.clamp(min=min(SHORTEST, kernel_size - 1.0))
    paths = length.view(-1, 1, 1, 1) * time.view(-1, 1) * heading.view(-1, 1, 2)
    return kernels_along(paths.flatten(0, 1), kernel_size)
