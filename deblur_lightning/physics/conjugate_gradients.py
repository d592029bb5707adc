"""Conjugate gradients (Hestenes and Stiefel 1952), one picture, buffers reused."""

from collections.abc import Callable

import torch
from torch import Tensor

VANISHING = 1e-30


def conjugate_gradients_(solution: Tensor, normal: Callable[[Tensor], Tensor], wanted: Tensor, steps: int) -> Tensor:
    """Approach the solution of ``normal(x) = wanted`` from where ``solution`` stands, in place.

    Args:
        solution: first guess, overwritten.
        normal: a linear, symmetric, positive map that returns a new tensor.
        wanted: right-hand side; overwritten.
        steps: evaluations of ``normal`` after the first.
    """
    residual = wanted.sub_(normal(solution))
    direction = residual.clone()
    energy = residual.square().sum()
    for _ in range(steps):
        image = normal(direction)
        stride = energy / torch.linalg.vecdot(direction.flatten(), image.flatten()).clamp(min=VANISHING)
        solution.addcmul_(direction, stride)
        residual.addcmul_(image, -stride)
        before, energy = energy, residual.square().sum()
        direction.mul_(energy / before.clamp(min=VANISHING)).add_(residual)
    return solution
