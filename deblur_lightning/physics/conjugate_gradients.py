"""Conjugate gradients (Hestenes and Stiefel 1952), one picture, buffers reused."""

from collections.abc import Callable

import torch
from torch import Tensor

VANISHING = 1e-30
ROUNDING = 3.0  # roundings of both sides' length: a residual no longer than that is nothing but rounding


def conjugate_gradients_(
    solution: Tensor,
    normal: Callable[[Tensor], Tensor],
    wanted: Tensor,
    steps: int,
    nearly_undo: Callable[[Tensor], Tensor] = lambda residual: residual,
    *,
    image: Tensor | None = None,
) -> Tensor:
    """Approach the solution of ``normal(x) = wanted`` from where ``solution`` stands, in place.

    Where that is reached but for rounding, it stays: what is left of the residual may point where ``normal`` is nearly
    zero, and a step that way would lead anywhere.

    Args:
        solution: first guess, overwritten.
        normal: a linear, symmetric, positive map that returns a new tensor.
        wanted: right-hand side; overwritten.
        steps: each evaluates ``normal`` once; unless ``image`` is given, it is evaluated once before them.
        nearly_undo: about the inverse of ``normal``, symmetric and positive, as preconditioner.
        image: ``normal(solution)`` where that is known; it follows the solution, in place.
    """
    image = normal(solution) if image is None else image
    nothing = (ROUNDING * torch.finfo(wanted.dtype).eps) ** 2 * (_squared(wanted) + _squared(image))
    residual, direction, energy = wanted.sub_(image), torch.zeros_like(wanted), wanted.new_ones(())
    for _ in range(steps):
        reached = _squared(residual) <= nothing
        ahead = nearly_undo(residual)
        before, energy = energy, (residual * ahead).sum()
        direction.mul_(energy / before.clamp(min=VANISHING)).add_(ahead)
        change = normal(direction)
        stride = energy / torch.linalg.vecdot(direction.flatten(), change.flatten()).clamp(min=VANISHING)
        stride = torch.where(reached, 0, stride)
        solution.addcmul_(direction, stride)
        image.addcmul_(change, stride)
        residual.addcmul_(change, -stride)
    return solution


def _squared(values: Tensor) -> Tensor:
    return torch.linalg.vecdot(values.flatten(), values.flatten())
