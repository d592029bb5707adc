"""Muon: an optimiser whose steps change all directions of a layer alike; Adam for what is no matrix."""

from collections.abc import Callable, Iterable
from typing import cast

import torch
from torch import Tensor
from torch.optim import AdamW

LEAST = (
    16  # inputs and outputs from which a layer's weights are a matrix: gains and convolutions of one channel are not
)
AS_ADAM = 0.2  # root mean square of Adam's steps, in learning rates (Liu et al. 2025, section 2.2)
QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan et al.'s: brings singular values near 1 in few steps, not quite to it
TINY = 1e-7


class Muon(AdamW):
    """Make the step of each matrix orthogonal, so that no direction of a layer learns faster than another.

    Weights of at least 16 inputs and 16 outputs, those of a convolution's whole window counted as inputs, are matrices.
    All other weights take AdamW's steps. Steps are as large as Adam's, so a learning rate that was right there is near
    right here. `torch.optim.Muon` is for weights of two dimensions alone, and calculates in bfloat16, which few CPUs
    can.

    Args:
        params: weights.
        lr: learning rate.
        betas: of AdamW's means.
        momentum: share that a matrix's mean gradient keeps from step to step, in [0, 1).
        iterations: of Newton and Schulz, that make a step orthogonal.
        weight_decay: share of the weights taken off in each step, in learning rates.

    Raises:
        ValueError: a number out of range.

    Source:
        Jordan et al. 2024 (https://kellerjordan.github.io/posts/muon/); the size of steps is Liu et al.'s 2025
        (arXiv 2502.16982).
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.95),
        momentum: float = 0.95,
        iterations: int = 5,
        weight_decay: float = 0.0,
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is {momentum}, but it is a share. Pass 0 or more, and less than 1.")
        if iterations < 1:
            raise ValueError(f"iterations is {iterations}, but it counts them. Pass 5.")
        groups: dict[bool, list[Tensor]] = {True: [], False: []}
        for weights in params:
            groups[is_matrix(weights)].append(weights)
        kinds = [{"params": own, "matrices": kind} for kind, own in groups.items() if own]
        super().__init__(kinds, lr=lr, betas=betas, weight_decay=weight_decay)
        self.momentum, self.iterations = momentum, iterations

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Step all weights that have a gradient; a closure is asked for the loss first."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        stepped = list[tuple[Tensor, Tensor]]()
        for group in self.param_groups:
            if group["matrices"]:
                stepped += [(weights, weights.grad) for weights in group["params"] if weights.grad is not None]
                self._step_matrices(group)
        for weights, _ in stepped:
            weights.grad = None  # AdamW passes over these
        super().step()
        for weights, gradient in stepped:
            weights.grad = gradient
        return loss

    def _step_matrices(self, group: dict[str, object]) -> None:
        rate, decay = cast(float, group["lr"]), cast(float, group["weight_decay"])
        alike = dict[torch.Size, list[Tensor]]()
        for weights in cast(list[Tensor], group["params"]):
            if weights.grad is not None:
                alike.setdefault(weights.flatten(1).shape, []).append(weights)
        for shape, several in alike.items():
            steps = orthogonal(torch.stack([self._wanted(weights).flatten(1) for weights in several]), self.iterations)
            for weights, step in zip(several, steps, strict=True):
                weights.mul_(1 - rate * decay)
                weights.sub_(step.view(weights.shape), alpha=AS_ADAM * rate * max(shape) ** 0.5)

    def _wanted(self, weights: Tensor) -> Tensor:
        """Average the gradient with those before, and look a step ahead (Nesterov)."""
        gradient, state = cast(Tensor, weights.grad), self.state[weights]
        if not state:
            state["step"], state["mean"] = torch.zeros(()), torch.zeros_like(weights)  # AdamW loads no state uncounted
        state["step"] += 1
        mean: Tensor = state["mean"].lerp_(gradient, 1 - self.momentum)
        return gradient.lerp(mean, self.momentum)


def is_matrix(weights: Tensor) -> bool:
    """Tell whether weights mix at least 16 inputs into at least 16 outputs, which a depth-wise convolution's do not."""
    return weights.ndim > 1 and weights.shape[1] > 1 and min(weights.flatten(1).shape) >= LEAST


def orthogonal(matrices: Tensor, iterations: int) -> Tensor:
    """Bring the singular values of matrices ``[N, rows, columns]`` near 1, between about 0.7 and 1.2.

    Newton and Schulz's iteration, with products of matrices alone: the singular vectors stay.
    """
    across = matrices.shape[1] > matrices.shape[2]
    turned = matrices.mT if across else matrices
    turned = turned / (torch.linalg.matrix_norm(turned, keepdim=True) + TINY)
    first, third, fifth = QUINTIC
    for _ in range(iterations):
        square = turned @ turned.mT
        turned = torch.baddbmm(
            turned, torch.baddbmm(square, square, square, beta=third, alpha=fifth), turned, beta=first
        )
    return turned.mT if across else turned
