"""Correlation with a field and its transpose as autograd functions: each one's gradient is the other.

Gradients are written by hand, so nothing of size B x H x W is kept but the coefficients themselves; they are formed
once: differentiating them again raises.
"""

from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from deblur_lightning.physics.direct import DirectCorrelation
from deblur_lightning.physics.single import SingleCorrelation
from deblur_lightning.physics.tiles import TiledCorrelation

LARGEST_DIRECT_KERNEL = 9  # measured on a CPU with B = 25: at 11 the transforms win


class Engine(Protocol):
    """A way to correlate pictures of one size with the basis kernels it was built from."""

    def correlate(self, large: Tensor, coefficients: Tensor) -> Tensor:
        """``[N, C, H + K - 1, W + K - 1] -> [N, C, H, W]``."""

    def spread(self, small: Tensor, coefficients: Tensor) -> Tensor:
        """Transpose of ``correlate``: ``[N, C, H, W] -> [N, C, H + K - 1, W + K - 1]``."""

    def field_gradient(
        self, large: Tensor, small: Tensor, coefficients: Tensor, *, by_basis: bool, by_coefficients: bool
    ) -> tuple[Tensor | None, Tensor | None]:
        """Differentiate ``<small, correlate(large)>`` by the basis kernels and by the coefficients."""


def prepare(basis: Tensor, coefficients: Tensor) -> Engine:
    """Prepare kernels and coefficients, of each picture or one's for all; no gradient passes."""
    small, single = basis.shape[-1] <= LARGEST_DIRECT_KERNEL, basis.shape[1] == 1
    kind = DirectCorrelation if small else SingleCorrelation if single else TiledCorrelation
    with torch.no_grad(), torch.autocast(basis.device.type, enabled=False):
        return kind(basis.detach(), coefficients.detach())


def correlate(large: Tensor, basis: Tensor, coefficients: Tensor, engine: Engine) -> Tensor:
    """``engine.correlate`` with gradients for the picture, the basis the engine was built from, and coefficients."""
    result: Tensor = _Applied.apply(large, basis, coefficients, engine, False)
    return result


def spread(small: Tensor, basis: Tensor, coefficients: Tensor, engine: Engine) -> Tensor:
    """``engine.spread`` with the same three gradients."""
    result: Tensor = _Applied.apply(small, basis, coefficients, engine, True)
    return result


class _Applied(torch.autograd.Function):
    """``engine.correlate``, or its transpose ``engine.spread``: the gradient by the picture is the other of both.

    Takes the basis for its gradient, and so that writing into it is noticed.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's
        image: Tensor,
        basis: Tensor,
        coefficients: Tensor,
        engine: Engine,
        transposed: bool,
    ) -> Tensor:
        ctx.engine, ctx.transposed = engine, transposed
        ctx.save_for_backward(image, basis, coefficients)
        with torch.autocast(image.device.type, enabled=False):
            return (engine.spread if transposed else engine.correlate)(image, coefficients)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        image, _, coefficients = ctx.saved_tensors
        by_image, by_basis, by_coefficients = ctx.needs_input_grad[:3]
        engine: Engine = ctx.engine
        large, small = (gradient, image) if ctx.transposed else (image, gradient)
        by_field: tuple[Tensor | None, Tensor | None] = (None, None)
        with torch.autocast(image.device.type, enabled=False):
            transpose = engine.correlate if ctx.transposed else engine.spread
            back = transpose(gradient, coefficients) if by_image else None
            if by_basis or by_coefficients:
                by_field = engine.field_gradient(
                    large, small, coefficients, by_basis=by_basis, by_coefficients=by_coefficients
                )
        return back, *by_field, None, None
