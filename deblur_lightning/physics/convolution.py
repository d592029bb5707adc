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
    result: Tensor = _Correlate.apply(large, basis, coefficients, engine)
    return result


def spread(small: Tensor, basis: Tensor, coefficients: Tensor, engine: Engine) -> Tensor:
    """``engine.spread`` with the same three gradients."""
    result: Tensor = _Spread.apply(small, basis, coefficients, engine)
    return result


class _Correlate(torch.autograd.Function):
    """``engine.correlate``; takes the basis for its gradient, and so that writing into it is noticed."""

    @staticmethod
    def forward(ctx: Any, large: Tensor, basis: Tensor, coefficients: Tensor, engine: Engine) -> Tensor:  # noqa: ANN401 - torch's
        ctx.engine = engine
        ctx.save_for_backward(large, basis, coefficients)
        with torch.autocast(large.device.type, enabled=False):
            return engine.correlate(large, coefficients)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        large, _, coefficients = ctx.saved_tensors
        by_image, *by_field = ctx.needs_input_grad[:3]
        with torch.autocast(large.device.type, enabled=False):
            image = ctx.engine.spread(gradient, coefficients) if by_image else None
            return image, *_field_gradient(ctx.engine, large, gradient, coefficients, by_field), None


class _Spread(torch.autograd.Function):
    """``engine.spread``; takes the basis for its gradient, and so that writing into it is noticed."""

    @staticmethod
    def forward(ctx: Any, small: Tensor, basis: Tensor, coefficients: Tensor, engine: Engine) -> Tensor:  # noqa: ANN401 - torch's
        ctx.engine = engine
        ctx.save_for_backward(small, basis, coefficients)
        with torch.autocast(small.device.type, enabled=False):
            return engine.spread(small, coefficients)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        small, _, coefficients = ctx.saved_tensors
        by_image, *by_field = ctx.needs_input_grad[:3]
        with torch.autocast(small.device.type, enabled=False):
            image = ctx.engine.correlate(gradient, coefficients) if by_image else None
            return image, *_field_gradient(ctx.engine, gradient, small, coefficients, by_field), None


def _field_gradient(
    engine: Engine, large: Tensor, small: Tensor, coefficients: Tensor, wanted: list[bool]
) -> tuple[Tensor | None, Tensor | None]:
    if not any(wanted):
        return None, None
    by_basis, by_coefficients = wanted
    return engine.field_gradient(large, small, coefficients, by_basis=by_basis, by_coefficients=by_coefficients)
