"""KernelField: a dense motion field as a few basis kernels and their mixture at each pixel.

Carbajal et al. 2021 (arXiv 2102.01026), section 3: the blur kernel of pixel i is ``sum_b m_i^b k^b``.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor

SUM_TOLERANCE = 1e-3  # float16 kernels of 65 x 65 cells still pass; a forgotten normalisation does not


class KernelField(NamedTuple):
    """Each pixel's blur kernel, as a mixture of basis kernels.

    Attributes:
        basis: kernels k^b, ``[N, B, K, K]``, each of unit sum, K odd; oriented for correlation.
        coefficients: m_i^b, ``[N, B, H, W]``, sum to 1 over B at each pixel.
    """

    basis: Tensor
    coefficients: Tensor

    @property
    def kernel_size(self) -> int:
        """Side K of the kernels, in pixels."""
        return self.basis.shape[-1]

    def kernel_at(self, row: int, column: int) -> Tensor:
        """Mix the kernel of one pixel, ``[N, K, K]``."""
        return torch.einsum("nbij,nb->nij", self.basis, self.coefficients[:, :, row, column])

    def mean_kernel(self) -> Tensor:
        """Average each picture's kernels over its pixels, ``[N, K, K]``."""
        return torch.einsum("nbij,nb->nij", self.basis, self.coefficients.mean(dim=(2, 3)))

    def crop(self, top: int, left: int, height: int, width: int) -> Self:
        """Return the field of a rectangle of the picture; the basis is shared, not copied."""
        return self._replace(coefficients=self.coefficients[..., top : top + height, left : left + width])

    def widened(self, kernel_size: int) -> Self:
        """Return the same field in kernels of a larger odd side, zeros around them.

        Raises:
            ValueError: an even side, or one smaller than the kernels'.
        """
        if kernel_size < self.kernel_size or kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {kernel_size}, but kernels of {self.kernel_size} are widened to an odd side of at "
                f"least theirs. Pass {max(self.kernel_size, kernel_size | 1)}."
            )
        margin = (kernel_size - self.kernel_size) // 2
        return self._replace(basis=F.pad(self.basis, (margin,) * 4))

    def used(self) -> Self:
        """Return the same field of one picture without basis kernels that no pixel uses, as in parts of a photo."""
        used = self.coefficients[0].flatten(1).any(dim=1)
        return self if used.all() else self._replace(basis=self.basis[:, used], coefficients=self.coefficients[:, used])

    def normalised(self, dtype: torch.dtype) -> Self:
        """Cast to another precision, in which kernels and coefficients get unit sums again."""
        basis, coefficients = self.to(dtype=dtype)
        return self._replace(
            basis=basis / basis.sum(dim=(-2, -1), keepdim=True),
            coefficients=coefficients / coefficients.sum(dim=1, keepdim=True),
        )

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """Move or cast both tensors, as ``Tensor.to`` does."""
        return self._replace(
            basis=self.basis.to(device=device, dtype=dtype),
            coefficients=self.coefficients.to(device=device, dtype=dtype),
        )


def delta_field(like: Tensor, kernel_size: int = 33) -> KernelField:
    """Build the field of a picture without blur: one kernel, a single 1 at its centre.

    Args:
        like: pictures ``[N, C, H, W]`` whose size, type and device the field takes.
        kernel_size: side K of the kernel, in pixels; odd.

    Returns:
        A field with B = 1.
    """
    pictures, _, height, width = like.shape
    basis = like.new_zeros(pictures, 1, kernel_size, kernel_size)
    basis[..., kernel_size // 2, kernel_size // 2] = 1
    return KernelField(basis, like.new_ones(pictures, 1, height, width))


def laid_into(field: KernelField, top: int, left: int, shows: Tensor) -> KernelField:
    """Lay the field of a rectangle into that of a larger picture, in which nothing moved elsewhere.

    Args:
        field: of the rectangle.
        top: its first row in the picture.
        left: its first column.
        shows: ``[H, W]``, the picture's size: 1 where the field holds, 0 where nothing moved in the rectangle either.

    Returns:
        A field with one basis kernel more: a single 1 at its centre.
    """
    still = delta_field(field.coefficients, field.kernel_size)
    height, width = field.coefficients.shape[-2:]
    around = (left, shows.shape[1] - left - width, top, shows.shape[0] - top - height)
    moved = F.pad(field.coefficients, around) * shows.to(field.coefficients)
    stayed = (1 - moved.sum(1, keepdim=True)).clamp(min=0)
    return KernelField(torch.cat((field.basis, still.basis.to(field.basis)), 1), torch.cat((moved, stayed), 1))


def stack_fields(fields: Sequence[KernelField]) -> KernelField:
    """Make one batch of fields of pictures of one size.

    Args:
        fields: each ``[N, B, …]``; those with fewer basis kernels get more, which no pixel uses, and those with smaller
            kernels zeros around them.
    """
    if len(fields) == 1:  # the usual case; a photo's coefficients are large
        return fields[0]
    count = max(field.basis.shape[1] for field in fields)
    size = max(field.kernel_size for field in fields)
    widened = [_with_basis(field.widened(size), count) for field in fields]
    return KernelField(*(torch.cat(tensors) for tensors in zip(*widened, strict=True)))


def _with_basis(field: KernelField, count: int) -> KernelField:
    basis, coefficients = field
    missing = count - basis.shape[1]
    return KernelField(
        torch.cat((basis, basis[:, :1].expand(-1, missing, -1, -1)), 1), F.pad(coefficients, (0, 0, 0, 0, 0, missing))
    )


def check_field_shape(field: KernelField) -> None:
    """Raise unless basis and coefficients fit each other.

    Raises:
        ValueError: no `KernelField`, a wrong number of axes, kernels that are not square or of even size, another B or
            N.
    """
    if not isinstance(field, KernelField):
        raise ValueError(f"field is a {type(field).__name__}. Pass KernelField(basis, coefficients).")
    basis, coefficients = field
    if basis.ndim != 4 or coefficients.ndim != 4:
        raise ValueError(
            f"field has basis {list(basis.shape)} and coefficients {list(coefficients.shape)}, "
            "but both need four axes. Pass [N, B, K, K] and [N, B, H, W]."
        )
    height, width = basis.shape[-2:]
    if height != width or height % 2 == 0:
        raise ValueError(
            f"field has kernels of {height} x {width}, but a kernel is square with a central pixel. "
            f"Pad them to {max(height, width) | 1} x {max(height, width) | 1}."
        )
    if basis.shape[:2] != coefficients.shape[:2]:
        raise ValueError(
            f"field has {list(basis.shape[:2])} basis kernels [N, B], but coefficients for "
            f"{list(coefficients.shape[:2])}. Give each basis kernel one coefficient map."
        )


def check_field(field: KernelField) -> None:
    """Raise unless a field is one: shapes fit, kernels and coefficients are floats, not negative and sum to 1.

    Two passes over the coefficients; on a GPU it waits for them, so losses check shapes alone.

    Raises:
        ValueError: the condition, its value and the remedy.
    """
    check_field_shape(field)
    for what, values, axes in (
        ("a basis kernel", field.basis.detach(), (-2, -1)),
        ("the coefficients of a pixel", field.coefficients.detach(), 1),
    ):
        if not values.is_floating_point():
            raise ValueError(
                f"field holds {values.dtype}, but {what} needs fractions. Pass field.to(dtype=torch.float32)."
            )
        total = values.sum(dim=axes, dtype=torch.promote_types(values.dtype, torch.float32))
        if total.numel() == 0:
            raise ValueError(f"field is empty: {list(field.basis.shape)} kernels. Pass at least one kernel and pixel.")
        worst = total.flatten()[(total - 1).abs().argmax()].item()
        tolerance = max(SUM_TOLERANCE, torch.finfo(values.dtype).eps)  # bfloat16 values alone are 4e-3 off
        if not abs(worst - 1) <= tolerance:  # NaN fails too
            raise ValueError(f"{what} sums to {worst:.4g}, but it must sum to 1. Divide by the sum.")
        if not (least := values.amin().item()) >= -SUM_TOLERANCE:
            raise ValueError(f"{what} has a value of {least:.4g}, but none is negative. Clamp at 0, divide by the sum.")
