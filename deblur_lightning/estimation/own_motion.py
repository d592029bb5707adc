"""What moved by itself before a background that stood still: its kernel, and where it is."""

import torch
from torch import Tensor

from deblur_lightning.estimation.camera_path import DECAY, DESCENTS, FAINTEST, FITS, RIDGE, TURNS
from deblur_lightning.estimation.field_edges import field_edges
from deblur_lightning.estimation.kernel_fit import nonnegative_minimum
from deblur_lightning.estimation.kernel_shape import cleaned, no_blur, resized, shrunk
from deblur_lightning.estimation.lag_forms import LagForms, lag_forms
from deblur_lightning.estimation.pyramid import SCALE, scales, short_line
from deblur_lightning.field import KernelField

SPARSITY = 4e-3  # of edges at first; twice as much lost a seventh of the gain where the part was given
THRESHOLD = 0.05  # of the kernel's largest value: below is noise


@torch.no_grad()
def moving_kernel(light: Tensor, share: Tensor, kernel_size: int = 33) -> Tensor:
    """Estimate the kernel of what moved in a picture whose other parts stood still, see `part_kernels`."""
    return part_kernels(light, torch.stack((1 - share, share)), kernel_size)[1]


@torch.no_grad()
def part_kernels(light: Tensor, shares: Tensor, kernel_size: int = 33, *, still: bool = True) -> Tensor:
    """Estimate the kernels of parts of a picture that moved each by itself.

    As `camera_path`, with a field of one kernel for each part. The sharp picture in turn with the kernels is thus one
    for all parts, and none can pull another's kernel towards its own; no blur, of what stood still, is given.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, both sides at least twice the kernels'.
        shares: of the parts at each pixel, ``[P, H, W]`` in [0, 1], which sum to 1.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.
        still: whether the first part stood still.

    Returns:
        ``[P, K, K]``, unit sums, correlation, centred to the pixel.
    """
    sizes, sparsity = scales(kernel_size), SPARSITY
    moving = range(1 if still else 0, len(shares))
    kernels = [short_line(sizes[-1]) for _ in shares]
    for scale in reversed(range(len(sizes))):
        scaled = shrunk(light, SCALE**scale)
        own = torch.stack([shrunk(share, SCALE**scale) for share in shares]).clamp(0, 1)
        if scale < len(sizes) - 1:
            kernels = [resized(kernel, sizes[scale], 1 / SCALE) for kernel in kernels]
        if still:
            kernels[0] = no_blur(kernels[0])
        for _ in range(TURNS if scale else 1):
            field = KernelField(torch.stack(kernels)[None], own[None])
            sharp = field_edges(scaled, field, sparsity)
            kernels = list(_fitted(sharp, scaled, field, moving))
            sparsity = max(sparsity / DECAY, FAINTEST)
    return torch.stack(kernels)


def part_field(kernel: Tensor, share: Tensor) -> KernelField:
    """Make the field of a picture of which a part moved with one kernel, and the rest stood still.

    Args:
        kernel: ``[K, K]``.
        share: of the motion at each pixel, ``[H, W]`` in [0, 1].

    Returns:
        ``[1, 2, K, K]``, first no blur, then the kernel, and ``[1, 2, H, W]``.
    """
    return KernelField(torch.stack((no_blur(kernel), kernel))[None], torch.stack((1 - share, share))[None])


def _fitted(sharp: Tensor, light: Tensor, field: KernelField, moving: range) -> Tensor:
    """Fit the kernels of the parts that moved, ``[P, K, K]``."""
    kernels = field.basis[0].clone()
    for _ in range(FITS):
        forms = lag_forms(sharp, light, field._replace(basis=kernels[None]))
        for part in moving:
            own = _OneForm(LagForms(forms.lags[part : part + 1], forms.wanted[part : part + 1]))
            wanted, start = forms.wanted[part].flatten(), kernels[part].flatten()
            kernels[part] = nonnegative_minimum(own, wanted, start, DESCENTS).view_as(kernels[part])
    for part in moving:
        before = field.basis[0, part]
        kernels[part] = cleaned(kernels[part], THRESHOLD) if kernels[part].sum() > 0 else before
    return kernels


class _OneForm:
    """One kernel's quadratic form, a ridge included, as a matrix in its values."""

    def __init__(self, forms: LagForms) -> None:
        self.forms = forms

    def __matmul__(self, values: Tensor) -> Tensor:
        kernel = values.view_as(self.forms.wanted)
        return self.forms.apply(kernel).add_(kernel, alpha=RIDGE).flatten()
