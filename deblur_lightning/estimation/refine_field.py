"""Refine an estimated motion field by the picture itself."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.regions import motion_regions
from deblur_lightning.estimation.richest_window import richest_window
from deblur_lightning.estimation.tethered_kernel import refine_kernel
from deblur_lightning.estimation.variational_kernel import SOFTNESS, variational_kernel
from deblur_lightning.field import KernelField, check_field_shape, stack_fields
from deblur_lightning.image import check_image
from deblur_lightning.physics import check_gamma, to_linear

SMALLEST = 48**2  # pixels: smaller regions show too few edges
CLIPPED = 250 / 255  # display value from which a sensor may have lost light
LEAST_CLEAR = 1 / 3  # share of a region out of reach of clipped light; with less, the estimate restores better


@torch.no_grad()
def refine_field(
    blurry: Tensor,
    field: KernelField,
    *,
    gamma: float = 2.2,
    still: float = 1.0,
    most: int = 3,
    spread: float = 0.3,
    softness: float = SOFTNESS,
) -> KernelField:
    """Refine a field that was estimated at a glance: one kernel for each region of one motion, fitted to the picture.

    The field is parted into regions of one motion (`motion_regions`); each region's kernel is improved by blind
    deconvolution that starts from it and stays near (`refine_kernel`), then by a finer look that asks what is likely
    rather than what fits (`variational_kernel`). Small regions, and those where most pixels may hold light that the
    sensor clipped, keep the estimate.

    Args:
        blurry: ``[N, C, H, W]`` in [0, 1], display values.
        field: estimated, of the same pictures.
        gamma: display to linear light.
        still: regions whose kernel has a larger value than this hardly moved and keep the estimate.
        most: at most so many regions a picture.
        spread: variation of the kernels within a region that is not looked at, see `motion_regions`.
        softness: of the refined kernels, in pixels; see `variational_kernel`. Less where each region moved as one.

    Returns:
        A field with ``most`` basis kernels or fewer; float32.

    Raises:
        ValueError: pictures that are none or not in [0, 1], or another number of fields.
    """
    check_image(blurry, "blurry")
    check_gamma(gamma)
    check_field_shape(field)
    if blurry.shape[-2:] != field.coefficients.shape[-2:]:
        raise ValueError(
            f"blurry is {list(blurry.shape[-2:])}, but field {list(field.coefficients.shape[-2:])}. Pass its own field."
        )
    if len(field.basis) != len(blurry):
        raise ValueError(f"blurry holds {len(blurry)} pictures, but field {len(field.basis)}. Pass a field for each.")
    refined = []
    with torch.autocast(blurry.device.type, enabled=False):
        for picture, basis, coefficients in zip(blurry.float(), *field, strict=True):
            light, clear = to_linear(picture, gamma).mean(0), out_of_reach_of_clipping(picture, basis.shape[-1])
            regions = motion_regions(KernelField(basis[None].float(), coefficients[None].float()), most, spread)
            parts = zip(regions.basis[0], regions.coefficients[0], strict=True)
            kernels = [_refined(light, kernel, share, clear, still, softness) for kernel, share in parts]
            refined.append(regions._replace(basis=torch.stack(kernels)[None]))
    return stack_fields(refined)


def out_of_reach_of_clipping(picture: Tensor, kernel_size: int) -> Tensor:
    """Mark pixels that no clipped pixel is near enough to have shared its light with, as a rule.

    Args:
        picture: ``[C, H, W]`` in [0, 1], display values.
        kernel_size: K; most kernels stay within three eighths of it from their centre.

    Returns:
        ``[H, W]``, 1 or 0.
    """
    reach = 3 * kernel_size // 8
    clipped = (picture.amax(0, keepdim=True) >= CLIPPED).to(picture)
    return 1 - F.max_pool2d(clipped, 2 * reach + 1, 1, reach)[0]


def _refined(light: Tensor, kernel: Tensor, share: Tensor, clear: Tensor, still: float, softness: float) -> Tensor:
    reach = kernel.shape[-1] // 4
    inside = -F.max_pool2d(-share[None], 2 * reach + 1, 1, reach)[0]
    if kernel.max() > still or inside.sum() < SMALLEST or min(light.shape) <= 2 * kernel.shape[-1]:
        return kernel
    if (inside * clear).sum() < LEAST_CLEAR * inside.sum():
        return kernel
    window = richest_window(light, inside)
    seen, trusted = light[window], inside[window]
    return _fitted(seen, kernel, trusted, softness)


def _fitted(light: Tensor, kernel: Tensor, trusted: Tensor, softness: float) -> Tensor:
    return variational_kernel(light, refine_kernel(light, kernel, trusted), trusted, softness=softness)
