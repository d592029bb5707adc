"""The kernel loss of Carbajal et al. 2021 (arXiv 2102.01026): each pixel's kernel against the true one.

``sum_i w_i || sum_b m_i^b k^b - sum_j M_i^j g^j ||_p^p``. No per-pixel kernel is ever built: with all B + J kernels
as the rows of A and ``z_i = (m_i, -M_i)``, pixel i's difference is ``A^T z_i``.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from deblur_lightning.field import KernelField, check_field_shape

PIXELS_AT_ONCE = 512  # K² x 512 differences stay in cache; measured best for p = 1


def kernel_loss(
    predicted: KernelField, target: KernelField, weights: Tensor | None = None, p: Literal[1, 2] = 2
) -> Tensor:
    """Compare two motion fields kernel by kernel, at every pixel.

    For p = 2 a pixel costs (B + J)² whatever K is, in float64: near the truth the squares of float32 would cancel
    to an error of a tenth. Gradients reach ``predicted`` alone.

    Args:
        predicted: the network's field, B kernels.
        target: the true field, J kernels of the same size, for the same pixels.
        weights: w_i, ``[N, H, W]``; 1 everywhere if None.
        p: 2 for squared differences, 1 for absolute ones.

    Returns:
        The sum over pixels and pictures, divided by the number N of pictures; a float32 (or float64) scalar.

    Raises:
        ValueError: another p, or sizes that do not fit.

    Source:
        Carbajal et al. 2021, section 4 (arXiv 2102.01026).
    """
    weights = _checked_weights(predicted, target, weights)
    if p not in (1, 2):
        raise ValueError(f"p is {p}, but the kernel loss is L1 or L2. Pass 1 or 2.")
    total: Tensor = _KernelDistance.apply(*predicted, *target, weights, p)
    return total.sum() / len(weights)


def kernel_distance(predicted: KernelField, target: KernelField, weights: Tensor | None = None) -> Tensor:
    """Give each picture's own L2 `kernel_loss`, without gradients.

    Args:
        predicted: the network's field.
        target: the true field of the same pictures, pixels and kernel size.
        weights: w_i, ``[N, H, W]``; 1 everywhere if None.

    Returns:
        ``[N]``, each the sum over its picture's pixels.

    Raises:
        ValueError: sizes that do not fit.
    """
    weights = _checked_weights(predicted, target, weights)
    with torch.no_grad():
        return _KernelDistance.apply(*predicted, *target, weights, 2).clamp(min=0)  # rounding leaves -1e-18 of nothing


def kernel_weights(target: KernelField) -> Tensor:
    """Weigh pixels so that each segment counts alike, however small: one over the area of the pixel's segment.

    The construction is ours, after a comment in the authors' code (the released code takes w as an input). Soft
    masks share: ``w_i = sum_j M_i^j / area_j`` with ``area_j = sum_i M_i^j``.

    Args:
        target: the true field; its coefficients are the segments' soft masks.

    Returns:
        ``[N, H, W]``, each picture summing to its number of segments that have any area; float32 or wider, as float16
        ends at areas of 65,504 pixels.
    """
    masks = target.coefficients.to(torch.promote_types(target.coefficients.dtype, torch.float32))
    areas = masks.sum(dim=(-2, -1), keepdim=True)
    return (masks / torch.where(areas > 0, areas, 1)).sum(dim=1)


def check_same_pixels(predicted: KernelField, target: KernelField) -> None:
    """Raise unless two fields can be compared kernel by kernel; of their B, nothing is asked.

    Raises:
        ValueError: fields of different pictures, pixels or kernel sizes, or shapes that no field has.
    """
    check_field_shape(predicted)
    check_field_shape(target)
    if predicted.kernel_size != target.kernel_size:
        raise ValueError(
            f"predicted kernels are {predicted.kernel_size} pixels wide, but the true ones {target.kernel_size}. "
            "Use one kernel_size for the network and the data."
        )
    pictures, _, *size = predicted.coefficients.shape
    if [len(target.basis), *target.coefficients.shape[-2:]] != [pictures, *size]:
        raise ValueError(
            f"predicted coefficients are {list(predicted.coefficients.shape)}, but the true ones "
            f"{list(target.coefficients.shape)}. Compare fields of the same pictures and pixels."
        )


def _checked_weights(predicted: KernelField, target: KernelField, weights: Tensor | None) -> Tensor:
    check_same_pixels(predicted, target)
    if not len(predicted.basis):
        raise ValueError("predicted holds 0 fields, but a loss is of one. Pass at least one.")
    pictures, _, *size = predicted.coefficients.shape
    if weights is None:
        return predicted.coefficients.new_ones(pictures, *size)
    if list(weights.shape) != [pictures, *size]:
        raise ValueError(f"weights are {list(weights.shape)}, but pixels {[pictures, *size]}. Give each pixel one.")
    return weights


class _KernelDistance(torch.autograd.Function):
    """Distances ``[N]``; their gradients are formed beside them, one picture at a time, and wait in ``ctx``."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:  # noqa: ANN401 - torch's signature
        basis, coefficients, target_basis, target_coefficients, weights, p = inputs
        distance = _squared if p == 2 else _absolute
        distances, basis_gradients, coefficient_gradients = [], [], []
        for picture in range(len(basis)):
            kernels = torch.cat((basis[picture], target_basis[picture])).flatten(1)
            mixture = torch.cat((coefficients[picture], -target_coefficients[picture])).flatten(1)
            with torch.autocast(basis.device.type, enabled=False):
                value, by_kernel, by_mixture = distance(kernels, mixture, weights[picture].flatten(), basis.shape[1])
            distances.append(value)
            basis_gradients.append(by_kernel.view_as(basis[picture]).to(basis.dtype))
            coefficient_gradients.append(by_mixture.view_as(coefficients[picture]).to(coefficients.dtype))
        ctx.save_for_backward(torch.stack(basis_gradients), torch.stack(coefficient_gradients))
        return torch.stack(distances).to(torch.promote_types(basis.dtype, torch.float32))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's signature
        basis, coefficients = ctx.saved_tensors
        scale = gradient.view(-1, 1, 1, 1)
        return (scale * basis).to(basis.dtype), (scale * coefficients).to(coefficients.dtype), None, None, None, None


def _squared(kernels: Tensor, mixture: Tensor, weights: Tensor, predicted: int) -> tuple[Tensor, Tensor, Tensor]:
    """``sum_i w_i z_i^T (A A^T) z_i``, which is ``<A A^T, sum_i w_i z_i z_i^T>``."""
    kernels, mixture = kernels.double(), mixture.double()
    weighted = mixture * weights
    gram, moments = kernels @ kernels.T, weighted @ mixture.T
    return (gram * moments).sum(), 2 * moments[:predicted] @ kernels, 2 * gram[:predicted] @ weighted


def _absolute(kernels: Tensor, mixture: Tensor, weights: Tensor, predicted: int) -> tuple[Tensor, Tensor, Tensor]:
    wide = torch.promote_types(kernels.dtype, torch.float32)
    kernels, mixture, weights = kernels.to(wide), mixture.to(wide), weights.to(wide)
    value, by_kernel = kernels.new_zeros((), dtype=torch.float64), torch.zeros_like(kernels[:predicted])
    by_mixture = torch.empty_like(mixture[:predicted])
    for start in range(0, mixture.shape[1], PIXELS_AT_ONCE):
        pixels = slice(start, start + PIXELS_AT_ONCE)
        chunk, weight = mixture[:, pixels], weights[pixels]
        sign = (kernels.T @ chunk).sign_()
        slope = (kernels @ sign) * weight
        value += (slope * chunk).sum(dtype=torch.float64)
        by_mixture[:, pixels] = slope[:predicted]
        by_kernel += (chunk[:predicted] * weight) @ sign.T
    return value, by_kernel, by_mixture
